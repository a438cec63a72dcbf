//! A small contract for the tests of this stage.

use crate::domain::Contract;

/// `number*, name*, id_number, town, amount`, keyed by `number`.
pub(super) fn contract() -> Contract {
    toml::from_str(
        r#"
        title = "样例"
        owner = "样例科"
        version = 1
        grain = "one row for each entry"
        files = ["样例_*.csv", "样例_*.xlsx"]
        formats = ["csv", "xlsx", "xls", "parquet"]
        encodings = ["gb18030", "utf-8"]
        key = ["number"]
        town_field = "town"
        [field.number]
        headers = ["编号"]
        type = "text"
        required = true
        [field.name]
        headers = ["姓名"]
        type = "name"
        required = true
        [field.id_number]
        headers = ["身份证号", "公民身份号码"]
        type = "resident_id"
        [field.town]
        headers = ["镇(街道)"]
        type = "text"
        [field.amount]
        headers = ["金额"]
        type = "yuan"
        "#,
    )
    .unwrap()
}
