//! The JSON Schema tells editors what the reader takes.

use super::*;

#[test]
fn it_takes_no_secret_inline() {
    let schema = json_schema().to_string();
    for key in ["\"secret_key_file\"", "\"secret_key_env\"", "\"secret_key_credential\""] {
        assert!(schema.contains(key), "{key}");
    }
    assert!(!schema.contains("\"secret_key\""));
}

#[test]
fn it_requires_the_shops() {
    assert_eq!(json_schema()["required"], serde_json::json!(["shops"]));
}

#[test]
fn it_knows_no_other_keys_at_the_top() {
    assert_eq!(json_schema()["additionalProperties"], serde_json::json!(false));
}
