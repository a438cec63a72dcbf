//! Why a whole file is not used: a code, a sentence for engineers, a sentence for the owner.

use crate::diag::{Diagnostic, Spot};

/// A file that is refused whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Stable code.
    pub(super) code: &'static str,
    /// For engineers, English, places only.
    pub(super) message: String,
    /// For the owner, Chinese, places only.
    pub(super) reason: String,
    /// Sheet and row, where known.
    pub(super) sheet: String,
    /// Row as Excel shows it, 0 unknown.
    pub(super) row: u32,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { code, message: message.into(), reason: reason.into(), sheet: String::new(), row: 0 }
    }

    /// The same with the place where reading stopped.
    pub(super) fn at(mut self, sheet: &str, row: u32) -> Self {
        sheet.clone_into(&mut self.sheet);
        self.row = row;
        self
    }

    /// What the engineers' report says.
    pub(super) fn diagnostic(&self, file: &str) -> Diagnostic {
        let spot =
            Spot { file: file.to_owned(), sheet: self.sheet.clone(), line: self.row, column: String::new() };
        Diagnostic::error(self.code, spot, format!("file refused: {}", self.message))
    }
}

/// The owner's sentence for files that were refused before they were read; the codes are those of
/// the pull stage.
pub(super) fn reason_of_pull(code: &str) -> String {
    match code {
        "digest_mismatch" => "校验值与清单不符".to_owned(),
        "digest_unclear" => "清单中的校验值没有写明算法（sm3: 或 sha256:）".to_owned(),
        "listed_absent" => "清单中列出，但没有收到文件".to_owned(),
        "symlink" | "outside" => "不是普通文件（链接），未接收".to_owned(),
        "duplicate_file" => "与另一个文件内容完全相同，重复报送".to_owned(),
        "superseded" => "同一部分另有截止日期更新的文件".to_owned(),
        "file_changing" => "接收时文件仍在写入".to_owned(),
        "file_too_large" => "文件超过大小上限".to_owned(),
        "copy_failed" => "文件无法读取".to_owned(),
        "unsettled" => "接收截止时文件仍在写入，或缺少完成标志".to_owned(),
        "remote_failed" => "数据源连接失败，未能接收".to_owned(),
        "name_twice" => "同名文件从两处收到".to_owned(),
        "manifest_invalid" => "清单中该文件的登记有误".to_owned(),
        other => format!("接收检查未通过（{other}）"),
    }
}
