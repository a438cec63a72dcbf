//! A school by its name.

/// The name of a school, taken apart. Schools are not personal, their pupils' rows are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchoolName {
    /// The name without province, city and county, without brackets and campus, abbreviations spelled out; empty
    /// when nothing is known.
    pub key: Vec<char>,
    /// Which of several: the number in the name (`第二小学`), 0 none.
    pub number: u16,
    /// What kind of school the name says it is.
    pub stage: SchoolStage,
    /// The part of the school (`城北校区`), empty when none is named.
    pub campus: String,
    /// Characters of the key before its kind.
    pub stem: usize,
}

/// Kinds of schools by their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum SchoolStage {
    /// The name does not say.
    #[default]
    Unknown,
    /// 幼儿园
    Kindergarten,
    /// 小学
    Primary,
    /// 初级中学, 高级中学, 中学
    Middle,
    /// 特殊教育学校
    Special,
    /// 职业学校, 中专, 技校
    Vocational,
}
