//! What the owner of a file is told that was refused before it was read.

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
