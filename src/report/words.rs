//! What diagnostics about data say to officers. The program's own words are English; a code that stands
//! here is shown in Chinese.

use crate::diag::Diagnostic;

const WORDS: [(&str, &str); 64] = [
    ("amount_negative", "金额为负"),
    ("amount_unreadable", "金额无法识别，按空处理"),
    ("as_of_future", "截止日期晚于运行日期"),
    ("as_of_unknown", "没有截止日期"),
    ("cells_beyond_header", "表头右侧多出的内容已略去"),
    ("code_unknown", "代码不在代码表内，按空处理"),
    ("column_dropped", "约定以外的列已略去"),
    ("column_repeated", "同一字段出现两次，后一列已略去"),
    ("column_shift_suspected", "证件号与同行出生日期、性别大量不符，疑似错列，整列不采信"),
    ("date_after_as_of", "日期晚于截止日期"),
    ("date_imprecise", "日期只有年月或年份，按空处理，原值保留"),
    ("date_unreadable", "日期无法识别，按空处理"),
    ("dates_out_of_order", "同一行两个日期先后颠倒"),
    ("delimiter_other", "分隔符与约定不同"),
    ("digest_absent", "交付清单没有校验值，内容未校验"),
    ("digest_mismatch", "内容与交付清单的校验值不符"),
    ("duplicate_file", "与另一个文件内容相同，只用一个"),
    ("encoding_other", "编码与约定不同"),
    ("encrypted", "文件有密码"),
    ("error_cell", "公式错误值按空处理"),
    ("file_empty", "空文件"),
    ("file_truncated", "文件损坏或不完整"),
    ("folder_absent", "没有收到该单位的文件夹"),
    ("folder_unreadable", "文件夹无法读取"),
    ("header_missing", "找不到表头或缺必填列"),
    ("heading_loose", "列名去掉括号内容后才能对上"),
    ("id_checksum_failed", "身份证号校验位不符"),
    ("id_implausible", "身份证号出生日期或行政区划不成立"),
    ("id_lost_precision", "身份证号被表格软件改写末三位"),
    ("id_lost_precision_batch", "整列身份证号末三位被表格软件改写"),
    ("id_malformed", "不是任何已知形式的身份证号"),
    ("id_other_document", "其他证件号码"),
    ("key_conflict", "编号重复但内容不同，两行都保留"),
    ("listed_absent", "交付清单列出的文件没有收到"),
    ("manifest_invalid", "交付清单无法读取"),
    ("merged_filled", "合并单元格已向下补齐"),
    ("month_unreadable", "月份无法识别，按空处理"),
    ("name_garbled", "姓名为乱码（编码错误），不作为姓名使用"),
    ("name_unreadable", "文件名不是有效文字，未读取"),
    ("no_rows", "只有表头，没有数据"),
    ("null_share", "空值过多"),
    ("number_shape_wrong", "证号或学籍号形式不对，按文字保留"),
    ("number_unreadable", "数字无法识别，按空处理"),
    ("part_missing", "上次有的文件本次没有"),
    ("phone_unreadable", "不是电话号码"),
    ("quarantined_share", "不合格行过多"),
    ("relatives_id_in_cell", "填的是同行亲属的证件号，不采信"),
    ("row_count_change", "行数变化超过约定范围"),
    ("row_repeated", "整行重复，已剔除"),
    ("rows_promised", "行数与交付清单不符"),
    ("rows_vanished", "累积数据中上次有的行本次没有"),
    ("sex_unknown", "性别无法识别，按空处理"),
    ("sheet_hidden", "隐藏的工作表未读取"),
    ("sheet_skipped", "工作表没有约定的列，未读取"),
    ("stale", "是上次文件重报"),
    ("superseded", "有更新的同名文件，未采用"),
    ("symlink", "是链接，未读取"),
    ("too_old", "截止日期过早"),
    ("town_count_change", "有镇的行数变化超过约定范围"),
    ("town_missing", "缺少上次有的镇"),
    ("undecodable", "有文字无法解码"),
    ("unlisted_file", "交付清单没有列出该文件"),
    ("unmatched_file", "不属于任何约定的文件，未读取"),
    ("wrong_content", "内容与扩展名不符"),
];

/// A diagnostic for officers, with the column it is about; the program's own words where none stand here.
pub(super) fn of(problem: &Diagnostic) -> String {
    let known = WORDS.binary_search_by_key(&problem.code, |(code, _)| code).ok();
    let text = known.map_or(problem.message.as_str(), |at| WORDS[at].1);
    match problem.spot.column.as_str() {
        "" => text.to_owned(),
        column => format!("“{column}”{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Spot;

    #[test]
    fn codes_are_sorted_and_found() {
        assert!(WORDS.is_sorted_by(|a, b| a.0 < b.0));
        let spot = Spot { column: "性别".into(), ..Spot::default() };
        assert_eq!(
            of(&Diagnostic::warning("sex_unknown", spot, "no known sex")),
            "“性别”性别无法识别，按空处理"
        );
        assert_eq!(of(&Diagnostic::warning("other", Spot::default(), "new words")), "new words");
    }
}
