//! Fonts, colours and paper: what all sheets share.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Worksheet};

/// Cell formats.
pub(super) struct Look {
    pub(super) title: Format,
    pub(super) notice: Format,
    pub(super) heading: Format,
    pub(super) answer_heading: Format,
    pub(super) text: Format,
    pub(super) centre: Format,
    /// What nobody has to look at.
    pub(super) faint: Format,
    pub(super) date: Format,
    pub(super) share: Format,
    pub(super) number: Format,
    pub(super) total: Format,
    pub(super) total_number: Format,
    pub(super) answer: Format,
    pub(super) answer_date: Format,
    pub(super) gone: Format,
    pub(super) gone_date: Format,
    pub(super) gone_share: Format,
    /// Stretches of a compared text.
    pub(super) plain: Format,
    pub(super) differing: Format,
    pub(super) differing_cell: Format,
    pub(super) differing_date: Format,
    pub(super) note: Format,
    pub(super) note_heading: Format,
    pub(super) sign: Format,
}

const BODY: &str = "宋体";
const HEAD: &str = "黑体";
const GREY: Color = Color::RGB(0x0080_8080);

impl Look {
    pub(super) fn new() -> Self {
        let plain =
            Format::new().set_font_name(BODY).set_font_size(10).set_align(FormatAlign::VerticalCenter);
        let boxed = plain.clone().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00A6_A6A6));
        let wrapped = boxed.clone().set_text_wrap();
        let centre = wrapped.clone().set_align(FormatAlign::Center);
        let heading = centre.clone().set_font_name(HEAD).set_bold();
        let date = centre.clone().set_num_format("yyyy-mm-dd");
        let share = centre.clone().set_num_format("0.0%");
        let total = boxed.clone().set_bold().set_background_color(Color::RGB(0x00EE_EEEE));
        let answer = wrapped.clone().set_background_color(Color::RGB(0x00FF_FBE6)).set_unlocked();
        let red = |format: &Format| format.clone().set_font_color(Color::RGB(0x00C0_0000)).set_bold();
        let gone = |format: &Format| format.clone().set_font_color(GREY).set_font_strikethrough();
        Self {
            title: Format::new()
                .set_font_name(HEAD)
                .set_font_size(16)
                .set_bold()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter),
            notice: plain.clone().set_font_color(Color::RGB(0x00C0_0000)),
            heading: heading.clone().set_background_color(Color::RGB(0x00D9_E5F2)),
            answer_heading: heading.set_background_color(Color::RGB(0x00FF_E9A8)),
            answer_date: answer.clone().set_num_format("yyyy-mm-dd"),
            plain: Format::new().set_font_name(BODY).set_font_size(10),
            differing: red(&Format::new().set_font_name(BODY).set_font_size(10)),
            differing_cell: red(&centre),
            differing_date: red(&date),
            gone: gone(&wrapped),
            gone_date: gone(&date),
            gone_share: gone(&share),
            faint: centre.clone().set_font_color(GREY),
            number: centre.clone(),
            total_number: total.clone().set_align(FormatAlign::Center),
            text: wrapped,
            note: Format::new()
                .set_font_name(BODY)
                .set_font_size(11)
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            note_heading: Format::new().set_font_name(HEAD).set_font_size(12).set_bold(),
            sign: plain,
            centre,
            date,
            share,
            total,
            answer,
        }
    }
}

/// Width of a text in characters of a Latin digit: Chinese characters and full-width forms count two.
pub(super) fn units(text: &str) -> u32 {
    text.chars()
        .map(|c| if u32::from(c) >= 0x1100 && !('\u{2010}'..='\u{2027}').contains(&c) { 2 } else { 1 })
        .sum()
}

/// Points between the margins below on A4 landscape, less what other programs than Excel take more.
const PAGE_POINTS: f64 = (297.0 / 25.4 - 0.7) * 72.0 * 0.92;

/// A4 landscape, narrow margins, notice above, page numbers below.
pub(super) fn paper(sheet: &mut Worksheet, receiver: &str, run_id: &str) {
    sheet
        .set_paper_size(9)
        .set_landscape()
        .set_margins(0.35, 0.35, 0.55, 0.55, 0.25, 0.25)
        .set_print_center_horizontally(true)
        .set_header(format!("&L&9&\"宋体,常规\"内部资料 注意保密&R&9&\"宋体,常规\"{}", no_code(receiver)))
        .set_footer(format!("&L&9&\"宋体,常规\"比对批次 {}&C&9第 &P 页 共 &N 页", no_code(run_id)));
}

/// Scale that brings columns of these widths onto one page across. Excel ignores manual page breaks on
/// sheets fitted to pages, so the scale is set as a number.
pub(super) fn print_scale(widths: &[f64]) -> u16 {
    // Excel: seven pixels for each unit of width and five between cells, four pixels for three points.
    let points: f64 = widths.iter().map(|width| (width * 7.0 + 5.0) * 0.75).sum();
    let per_cent = (PAGE_POINTS / points.max(1.0) * 100.0).floor().clamp(25.0, 100.0);
    (25..=100).rev().find(|scale| f64::from(*scale) <= per_cent).unwrap_or(25)
}

/// Height of a row in points whose cells have these texts and column widths, so that every line shows:
/// not every program adjusts rows when it opens a file.
pub(super) fn row_height<'a>(cells: impl Iterator<Item = (&'a str, f64)>) -> f64 {
    let lines = cells.map(|(text, width)| text.lines().map(|line| lines(line, width)).sum::<f64>());
    (lines.fold(1.0, f64::max) * 13.5 + 3.0).min(400.0)
}

/// Part of a column's width that a line fills: margins, and fonts that are wider than the one asked for.
const FILLED: f64 = 0.84;

/// Lines that a text takes in a column. Words and numbers are not broken, and no line begins with a closing mark.
fn lines(text: &str, width: f64) -> f64 {
    let usable = (width * FILLED).max(2.0);
    if words(text).nth(1).is_none() && f64::from(units(text)) <= width {
        return 1.0;
    }
    let (mut count, mut used) = (1.0, 0.0);
    for word in words(text) {
        let long = f64::from(units(word));
        if used > 0.0 && used + long > usable {
            count += 1.0;
            used = 0.0;
        }
        // A word that is longer than a line is broken after all.
        let more = ((used + long) / usable).ceil().max(1.0) - 1.0;
        count += more;
        used += more.mul_add(-usable, long);
    }
    count
}

/// What a line is not broken within: runs of letters and digits up to a hyphen, other characters one by one, each
/// with the closing marks behind it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let of_word = |c: char| c.is_ascii_alphanumeric() || c == '*' || c == '.';
        let run =
            if of_word(first) { rest.find(|c| !of_word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let closing = |c: char| "-，。；：、）”》】％%)".contains(c);
        let marks = rest[run..].find(|c| !closing(c)).unwrap_or(rest.len() - run);
        let (word, after) = rest.split_at(run + marks);
        rest = after;
        Some(word)
    })
}

/// Text for headers and footers, where `&` begins a code.
fn no_code(text: &str) -> String {
    text.replace('&', "&&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_counts_two() {
        assert_eq!(units("ab"), 2);
        assert_eq!(units("线索编号"), 8);
        assert_eq!(units("镇(街道)"), 8);
    }

    #[test]
    fn a_row_is_as_high_as_its_longest_cell() {
        let one = row_height([("汇龙镇", 9.0)].into_iter());
        let three = row_height([("汇龙镇", 9.0), ("截至二〇二六年十一月无学籍记录", 13.0)].into_iter());
        assert!((one - 16.5).abs() < 1e-9 && (three - 43.5).abs() < 1e-9, "{one} {three}");
        // A day is not broken within its numbers, and a mark does not begin a line.
        assert_eq!(
            words("截至2026-11-15，无").collect::<Vec<_>>(),
            ["截", "至", "2026-", "11-", "15，", "无"]
        );
        assert!(
            (row_height([("320681********1234", 20.0)].into_iter()) - 16.5).abs() < 1e-9,
            "one word fits"
        );
        let dated = row_height([("学年应读，2026-2027", 16.0)].into_iter());
        assert!((dated - 30.0).abs() < 1e-9, "{dated}");
        assert!(row_height([("长".repeat(9000).as_str(), 8.0)].into_iter()) <= 400.0);
    }

    #[test]
    fn scale_shrinks_with_width_within_bounds() {
        assert_eq!(print_scale(&[10.0]), 100);
        assert_eq!(print_scale(&[20.0; 14]), 47);
        assert_eq!(print_scale(&[1e9]), 25);
    }
}
