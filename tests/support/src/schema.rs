//! Reports against the checked-in schemas, taken strictly: a field that the schema does not name is a failure.

use serde_json::Value;

/// Checks a report against a schema.
///
/// # Errors
/// Where they differ.
pub fn validate(schema: &str, report: &Value) -> Result<(), String> {
    let mut schema: Value = serde_json::from_str(schema).map_err(|error| error.to_string())?;
    close(&mut schema);
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("schema.json", schema).map_err(|error| error.to_string())?;
    let index = compiler.compile("schema.json", &mut schemas).map_err(|error| error.to_string())?;
    schemas.validate(report, index).map_err(|error| format!("{error:#}"))
}

/// Objects with named fields get no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
