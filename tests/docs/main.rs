//! What the documents say of the program is true: generated pages are what the code says (with `UPDATE_DOCS` set they are
//! written instead), the configurations they show can be read, and the log and the tests they tell of are there.

mod log;
mod tests_named;
mod tokens;

use std::io;
use std::path::Path;

use overpay_exporter::config::{Config, Environment};

fn is_up_to_date(page: &str, text: &str) -> io::Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, text)?;
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == text, "docs/{page} is not what the code says; run the test again with UPDATE_DOCS=1");
    Ok(())
}

#[test]
fn the_reference_of_metrics_is_up_to_date() -> io::Result<()> {
    is_up_to_date("metrics.md", &overpay_exporter::metrics::reference())
}

#[test]
fn the_schema_of_the_configuration_is_up_to_date() -> io::Result<()> {
    let schema = serde_json::to_string_pretty(&overpay_exporter::config::json_schema()).unwrap();
    is_up_to_date("config.schema.json", &format!("{schema}\n"))
}

/// The configurations of the exporter that a page shows: its YAML blocks with shops whose key comes from somewhere.
fn configurations(page: &str) -> io::Result<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page))?;
    let blocks = text.split("```yaml\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0.to_owned()));
    Ok(blocks.filter(|block| block.contains("secret_key_")).collect())
}

#[test]
fn the_configurations_of_the_documents_can_be_read() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("main.key"), "made up")?;
    let environment = Environment::new(|_| Some("made up".to_owned()));
    let mut read = 0;
    for page in ["README.md", "docs/configuration.md", "docs/simulator.md"] {
        for configuration in configurations(page)? {
            let outcome = Config::read(page, &configuration, folder.path(), &environment);
            // One shows what is told of a wrong file.
            let wrong_on_purpose = configuration.contains("missing.key");
            assert_eq!(outcome.is_err(), wrong_on_purpose, "{page}: {configuration}\n{outcome:?}");
            read += 1;
        }
    }
    assert!(read >= 5, "only {read} configurations found");
    Ok(())
}

#[test]
fn the_schema_requires_what_the_program_requires() {
    let schema = overpay_exporter::config::json_schema();
    let required = |at: &str| {
        let keys = schema.pointer(at).expect("it is in the schema")["required"].as_array().cloned().unwrap_or_default();
        keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(required(""), ["shops"]);
    assert_eq!(required("/$defs/Shop"), ["name", "shop_id"]);
    assert_eq!(required("/$defs/ChannelBalances"), ["gateway", "currencies"]);
    assert_eq!(required("/$defs/BeyagBalance"), ["gateway"]);
    for optional in ["GatewayBalance", "Channel", "Thresholds", "Brand", "Poll"] {
        assert!(required(&format!("/$defs/{optional}")).is_empty(), "{optional}");
    }
}
