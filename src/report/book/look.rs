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
        let centre = boxed.clone().set_align(FormatAlign::Center).set_text_wrap();
        let heading = centre.clone().set_font_name(HEAD).set_bold();
        let date = centre.clone().set_num_format("yyyy-mm-dd");
        let share = centre.clone().set_num_format("0.0%");
        let total = boxed.clone().set_bold().set_background_color(Color::RGB(0x00EE_EEEE));
        let answer = wrapped.clone().set_background_color(Color::RGB(0x00FF_FBE6)).set_unlocked();
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
            gone: gone(&wrapped),
            gone_date: gone(&date),
            gone_share: gone(&share),
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

/// Units that fit across A4 landscape at 100 % between the margins below, measured in print.
const PAGE_UNITS: f64 = 148.0;

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

/// Scale that brings columns of this total width onto one page across. Excel ignores manual page breaks
/// on sheets fitted to pages, so the scale is set as a number.
pub(super) fn print_scale(total_units: f64) -> u16 {
    let per_cent = (PAGE_UNITS / total_units.max(1.0) * 100.0).floor().clamp(25.0, 100.0);
    (25..=100).rev().find(|scale| f64::from(*scale) <= per_cent).unwrap_or(25)
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
    fn scale_shrinks_with_width_within_bounds() {
        assert_eq!(print_scale(10.0), 100);
        assert_eq!(print_scale(296.0), 50);
        assert_eq!(print_scale(1e9), 25);
    }
}
