//! The figures of the linkage in words: errors to expect, m and u, drift. For pages in Chinese.

use serde::Serialize;

use crate::domain::{LinkFigures, Ranged};

/// What a page shows of the figures.
#[derive(Clone, Debug, Serialize)]
pub struct Expectation {
    /// Share of wrong ones among all links.
    pub false_links: [String; 2],
    /// Share of those looked up and to be found elsewhere who were not linked.
    pub missed: [String; 2],
    /// Pass, its title, links, wrong ones, their interval.
    pub passes: Vec<[String; 5]>,
    /// The test by hidden numbers: title and value.
    pub hidden: Vec<[String; 2]>,
    /// Comparison, level, m of the model, m seen and its interval, m of rows of one number and its interval, u
    /// of the model, u seen and its interval.
    pub levels: Vec<[String; 9]>,
    /// Roles that do not fit the model: role, comparison, pairs, share, expected, distance, limit.
    pub alarms: Vec<[String; 7]>,
}

/// What a comparator compares, in Chinese.
pub fn comparator_title(name: &str) -> &str {
    match name {
        "person_name" => "姓名",
        "resident_id" => "身份证号",
        "birth_date" => "出生日期",
        "sex" => "性别",
        "place" => "住址",
        "phone" => "电话",
        "relatives" => "亲属",
        other => other,
    }
}

/// A share in percent with the digits that tell it from 0 and from 1.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent <= 0.0 || percent >= 100.0 {
        format!("{percent:.0}%")
    } else if !(0.01..99.99).contains(&percent) {
        format!("{percent:.5}%")
    } else if percent < 1.0 {
        format!("{percent:.3}%")
    } else {
        format!("{percent:.2}%")
    }
}

/// An interval in percent.
pub fn percent_range(range: &Ranged) -> String {
    format!("{} – {}", percent(range.low), percent(range.high))
}

impl Expectation {
    /// The figures in words.
    pub fn of(figures: &LinkFigures) -> Self {
        let passes = figures.passes.iter().map(|pass| {
            let wrong = &pass.false_links;
            [
                pass.pass.clone(),
                pass.title.clone(),
                pass.links.to_string(),
                format!("{:.2}", wrong.value),
                format!("{:.0} – {:.0}", wrong.low, wrong.high),
            ]
        });
        let levels = figures.levels.iter().map(|level| {
            let known = level.m_same_number;
            [
                comparator_title(&level.comparator).to_owned(),
                level.title.clone(),
                percent(level.m),
                percent(level.m_seen.value),
                percent_range(&level.m_seen),
                known.map_or_else(|| "—".to_owned(), |known| percent(known.value)),
                known.map_or_else(|| "—".to_owned(), |known| percent_range(&known)),
                format!("{:.1e}", level.u),
                level.u_seen.map_or_else(|| "—".to_owned(), |u| format!("{:.1e} – {:.1e}", u.low, u.high)),
            ]
        });
        let alarms = figures.drift.iter().filter(|figure| figure.alarm).map(|figure| {
            [
                format!("{}.{}", figure.extract, figure.role),
                comparator_title(&figure.comparator).to_owned(),
                figure.pairs.to_string(),
                percent(figure.share),
                percent(figure.expected),
                format!("{:.3}", figure.distance),
                format!("{:.3}", figure.limit),
            ]
        });
        Self {
            false_links: [percent(figures.false_links.value), percent_range(&figures.false_links)],
            missed: [percent(figures.missed.value), percent_range(&figures.missed)],
            passes: passes.collect(),
            hidden: hidden(figures),
            levels: levels.collect(),
            alarms: alarms.collect(),
        }
    }
}

fn hidden(figures: &LinkFigures) -> Vec<[String; 2]> {
    let hidden = &figures.hidden;
    if hidden.tested == 0 {
        return Vec::new();
    }
    let count = |title: &str, count: u64| [title.to_owned(), count.to_string()];
    let share = |title: &str, range: &Ranged| {
        [title.to_owned(), format!("{}（{}）", percent(range.value), percent_range(range))]
    };
    vec![
        count("试验行数", hidden.tested),
        count("认定为本人", hidden.right),
        count("认定为他人", hidden.wrong),
        count("留给人工判断", hidden.review),
        count("比对过但未认定", hidden.passed_over),
        count("没有分组规则带出", hidden.not_brought),
        share("抽到的一行漏认的可能（95%区间）", &hidden.missed),
        share("误认率（95%区间）", &hidden.false_links),
        ["本次待找的人中没有同类试验行的比例".to_owned(), percent(hidden.untested)],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_tells_a_share_from_none_and_from_all() {
        let shown = [0.0, 0.000_012, 0.005, 0.25, 0.999_95, 1.0].map(percent);
        assert_eq!(shown, ["0%", "0.00120%", "0.500%", "25.00%", "99.99500%", "100%"]);
    }
}
