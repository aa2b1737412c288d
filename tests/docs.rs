//! The pages that are generated from the code are those in `docs/`. With `UPDATE_DOCS` set they are written instead.

use std::io;
use std::path::Path;

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
