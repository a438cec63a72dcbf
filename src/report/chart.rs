//! Charts as inline SVG: no script, nothing from outside, the same numbers give the same bytes.
//!
//! Whatever text comes in is escaped here, so that a page may put a chart in as it stands.

use std::fmt::Write as _;

/// Width of every chart in its own units.
const WIDTH: f64 = 900.0;
/// Where labels end and the drawing begins.
const LEFT: f64 = 250.0;
/// Space kept on the right for figures.
const RIGHT: f64 = 90.0;
/// Height of a row.
const ROW: f64 = 26.0;

/// Classes that a page with charts has to style.
pub const STYLE: &str = "svg.chart{width:100%;height:auto;font-size:13px}svg.chart text{fill:#1d2733}\
    svg.chart .soft{fill:#5d6b7a;font-size:12px}svg.chart .axis{stroke:#9aa7b4;stroke-width:1}\
    svg.chart .grid{stroke:#e4e9ee;stroke-width:1}svg.chart .mark{stroke:#b3261e;stroke-width:1.5;stroke-dasharray:5 4}\
    svg.chart .for{fill:#2f6fab}svg.chart .against{fill:#c0392b}svg.chart .sum{fill:#44505c}\
    svg.chart .one{stroke:#2f6fab;fill:#2f6fab}svg.chart .two{stroke:#d98a1c;fill:#d98a1c}\
    svg.chart .three{stroke:#2d7d46;fill:#2d7d46}svg.chart .four{stroke:#8c9aa8;fill:#8c9aa8}\
    svg.chart polyline{stroke-width:2}svg.chart .end{fill:#5d6b7a;font-size:25px}";

/// A row of a [`waterfall`].
pub struct Step {
    /// What it is.
    pub title: String,
    /// Said beside it.
    pub note: String,
    /// Bits it adds.
    pub bits: f64,
}

/// A line across a chart.
pub struct Mark {
    /// What lies there.
    pub title: String,
    /// Where.
    pub at: f64,
}

/// A figure with its interval, and the figure of the model beside it.
pub struct Interval {
    /// What it is.
    pub title: String,
    /// The model's figure, drawn as a tick.
    pub model: f64,
    /// Class, best guess, lower and upper end of each interval.
    pub ranges: Vec<(&'static str, f64, f64, f64)>,
}

/// A row of a [`bars`] chart.
pub struct Bar {
    /// What it is.
    pub title: String,
    /// How long it is.
    pub value: f64,
}

/// A line of a [`lines`] chart.
pub struct Line {
    /// What it is.
    pub title: String,
    /// Class.
    pub class: &'static str,
    /// Points, x rising.
    pub points: Vec<(f64, f64)>,
}

/// Text inside SVG.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

struct Svg(String);

impl Svg {
    fn new(height: f64, title: &str) -> Self {
        let title = escape(title);
        Self(format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>"
        ))
    }

    fn text(&mut self, (x, y): (f64, f64), anchor: &str, class: &str, text: &str) {
        let text = escape(text);
        let _ = write!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" class=\"{class}\">{text}</text>"
        );
    }

    fn rect(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), class: &str) {
        let _ = write!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" class=\"{class}\"/>"
        );
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let _ = write!(
            self.0,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"
        );
    }

    fn dot(&mut self, (x, y): (f64, f64), class: &str) {
        let _ = write!(self.0, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" class=\"{class}\"/>");
    }

    fn polyline(&mut self, points: &[(f64, f64)], class: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = write!(
            self.0,
            "<polyline points=\"{}\" class=\"{class}\" style=\"fill:none\"/>",
            points.join(" ")
        );
    }

    fn end(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }
}

/// A straight scale from values to places.
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Over all values, across the drawing.
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) =
            values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let high = if high - low < 1e-9 { low + 1.0 } else { high };
        Self { low, high, from: LEFT, to: WIDTH - RIGHT }
    }

    fn at(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        share.mul_add(self.to - self.from, self.from)
    }

    /// About six round values.
    fn ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 6.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = (self.low / step).ceil();
        (0..20).map(|n| (first + f64::from(n)) * step).take_while(|tick| *tick <= self.high + 1e-9).collect()
    }
}

/// A number without needless digits.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Bits with their sign.
fn signed(bits: f64) -> String {
    format!("{bits:+.2}").replace("-0.00", "+0.00")
}

/// How bits add up, row by row, with the thresholds as lines.
pub fn waterfall(title: &str, steps: &[Step], total: &Step, marks: &[Mark]) -> String {
    let mut sums = vec![0.0];
    for step in steps {
        sums.push(sums.last().copied().unwrap_or(0.0) + step.bits);
    }
    let all = sums.iter().copied().chain([total.bits]).chain(marks.iter().map(|mark| mark.at));
    let scale = Scale::over(all);
    let bottom = (steps.len() + 1) as f64 * ROW + 40.0;
    let mut svg = Svg::new(bottom + 34.0, title);
    for tick in scale.ticks() {
        svg.line((scale.at(tick), 34.0), (scale.at(tick), bottom), "grid");
        svg.text((scale.at(tick), bottom + 16.0), "middle", "soft", &short(tick));
    }
    svg.line((scale.at(0.0), 34.0), (scale.at(0.0), bottom), "axis");
    for (at, step) in steps.iter().chain([total]).enumerate() {
        let y = (at as f64).mul_add(ROW, 40.0);
        let last = at == steps.len();
        let (from, to) = if last { (0.0, total.bits) } else { (sums[at], sums[at + 1]) };
        let (a, b) = (scale.at(from.min(to)), scale.at(from.max(to)));
        let class = match (last, step.bits < 0.0) {
            (true, _) => "sum",
            (false, true) => "against",
            (false, false) => "for",
        };
        svg.rect((a, y + 4.0), ((b - a).max(1.5), ROW - 10.0), class);
        svg.text((LEFT - 10.0, y + 17.0), "end", "", &step.title);
        svg.text((WIDTH - 4.0, y + 17.0), "end", "", &signed(step.bits));
        if !step.note.is_empty() {
            // Beside the bar where there is room, else on its other side.
            let right = b + 6.0 + step.note.chars().count() as f64 * 12.5 < WIDTH - RIGHT + 10.0;
            let (x, anchor) = if right { (b + 6.0, "start") } else { (a - 6.0, "end") };
            svg.text((x, y + 17.0), anchor, "soft", &step.note);
        }
    }
    draw_marks(&mut svg, &scale, marks, bottom);
    svg.end()
}

/// Marks with their titles on two lines, so that near ones can be read.
fn draw_marks(svg: &mut Svg, scale: &Scale, marks: &[Mark], bottom: f64) {
    for (at, mark) in marks.iter().enumerate() {
        let x = scale.at(mark.at);
        svg.line((x, 34.0), (x, bottom), "mark");
        let anchor = if x > WIDTH - 160.0 { "end" } else { "middle" };
        svg.text((x, if at % 2 == 0 { 12.0 } else { 28.0 }), anchor, "soft", &mark.title);
    }
}

/// Bars from zero, row by row.
pub fn bars(title: &str, rows: &[Bar]) -> String {
    let scale = Scale::over(rows.iter().map(|row| row.value).chain([0.0]));
    let bottom = rows.len() as f64 * ROW + 6.0;
    let mut svg = Svg::new(bottom + 24.0, title);
    for tick in scale.ticks() {
        svg.line((scale.at(tick), 2.0), (scale.at(tick), bottom), "grid");
        svg.text((scale.at(tick), bottom + 16.0), "middle", "soft", &short(tick));
    }
    for (at, row) in rows.iter().enumerate() {
        let y = (at as f64).mul_add(ROW, 4.0);
        let (a, b) = (scale.at(row.value.min(0.0)), scale.at(row.value.max(0.0)));
        svg.rect(
            (a, y + 3.0),
            ((b - a).max(1.5), ROW - 9.0),
            if row.value < 0.0 { "against" } else { "for" },
        );
        svg.text((LEFT - 10.0, y + 17.0), "end", "", &row.title);
        svg.text((WIDTH - 4.0, y + 17.0), "end", "", &short(row.value));
    }
    svg.end()
}

/// Shares on a logarithmic scale, each with its intervals and the model's figure as a tick.
pub fn intervals(title: &str, rows: &[Interval]) -> String {
    // What is rarer is drawn at the edge.
    const LEAST: f64 = 1e-7;
    let log = |share: f64| share.max(LEAST).log10();
    let scale = Scale { low: LEAST.log10(), high: 0.0, from: LEFT, to: WIDTH - RIGHT };
    let bottom = rows.len() as f64 * ROW + 10.0;
    let mut svg = Svg::new(bottom + 26.0, title);
    for power in -7..=0 {
        let x = scale.at(f64::from(power));
        svg.line((x, 4.0), (x, bottom), "grid");
        let label = if power == -7 { "≤10⁻⁷".to_owned() } else { short_share(10_f64.powi(power)) };
        svg.text((x, bottom + 16.0), "middle", "soft", &label);
    }
    for (at, row) in rows.iter().enumerate() {
        let y = (at as f64).mul_add(ROW, 17.0);
        svg.text((LEFT - 10.0, y + 4.0), "end", "", &row.title);
        for (place, &(class, value, low, high)) in row.ranges.iter().enumerate() {
            let y = (place as f64 - (row.ranges.len() as f64 - 1.0) / 2.0).mul_add(7.0, y);
            svg.line((scale.at(log(low)), y), (scale.at(log(high)), y), class);
            svg.dot((scale.at(log(value)), y), class);
        }
        let x = scale.at(log(row.model));
        svg.rect((x - 1.5, y - 11.0), (3.0, 22.0), "sum");
        svg.text((WIDTH - 4.0, y + 4.0), "end", "soft", &short_share(row.model));
    }
    svg.end()
}

/// A share as people read it on a logarithmic scale.
fn short_share(share: f64) -> String {
    let percent = share * 100.0;
    if percent >= 10.0 {
        format!("{percent:.0}%")
    } else if percent >= 0.1 {
        format!("{}%", short(percent))
    } else {
        format!("{share:.0e}")
    }
}

/// Bars of numbers over a straight scale, drawn by the square root of the number so that few ones are seen.
pub fn histogram(title: &str, bars: &[(f64, u64)], step: f64, marks: &[Mark]) -> String {
    let ends = bars.iter().flat_map(|(edge, _)| [*edge, *edge + step]);
    let mut scale = Scale::over(ends.chain(marks.iter().map(|mark| mark.at)));
    scale.from = 60.0;
    scale.to = WIDTH - 20.0;
    let (top, bottom) = (46.0, 240.0);
    let most = bars.iter().map(|(_, n)| *n).max().unwrap_or(1).max(1) as f64;
    let mut svg = Svg::new(bottom + 30.0, title);
    for share in [0.25, 0.5, 1.0] {
        let y = (1.0_f64 - share).mul_add(bottom - top, top);
        svg.line((scale.from, y), (scale.to, y), "grid");
        svg.text((scale.from - 6.0, y + 4.0), "end", "soft", &format!("{:.0}", most * share * share));
    }
    for &(edge, number) in bars {
        let height = (number as f64 / most).sqrt() * (bottom - top);
        let (a, b) = (scale.at(edge), scale.at(edge + step));
        svg.rect((a, bottom - height), ((b - a - 1.0).max(1.0), height), "for");
    }
    svg.line((scale.from, bottom), (scale.to, bottom), "axis");
    for tick in scale.ticks() {
        svg.text((scale.at(tick), bottom + 17.0), "middle", "soft", &short(tick));
    }
    draw_marks(&mut svg, &scale, marks, bottom);
    svg.end()
}

/// Lines over a straight scale; y runs from `low` to `high`.
pub fn lines(
    title: &str,
    lines: &[Line],
    (low, high): (f64, f64),
    marks: &[Mark],
    labels: &[String],
) -> String {
    let xs = lines.iter().flat_map(|line| line.points.iter().map(|point| point.0));
    let mut scale = Scale::over(xs.chain(marks.iter().map(|mark| mark.at)));
    scale.from = 60.0;
    scale.to = WIDTH - 20.0;
    let (top, bottom) = (46.0, 240.0);
    let y = |value: f64| bottom - ((value - low) / (high - low)).clamp(0.0, 1.0) * (bottom - top);
    let mut svg = Svg::new(bottom + 52.0, title);
    for step in 0..=4 {
        let value = f64::from(step).mul_add((high - low) / 4.0, low);
        svg.line((scale.from, y(value)), (scale.to, y(value)), "grid");
        svg.text((scale.from - 6.0, y(value) + 4.0), "end", "soft", &format!("{:.1}%", value * 100.0));
    }
    if labels.is_empty() {
        for tick in scale.ticks() {
            svg.text((scale.at(tick), bottom + 17.0), "middle", "soft", &short(tick));
        }
    }
    for (at, label) in labels.iter().enumerate() {
        svg.text((scale.at(at as f64), bottom + 17.0), "middle", "soft", label);
    }
    draw_marks(&mut svg, &scale, marks, bottom);
    for (at, line) in lines.iter().enumerate() {
        let points: Vec<(f64, f64)> = line.points.iter().map(|&(x, v)| (scale.at(x), y(v))).collect();
        svg.polyline(&points, line.class);
        for point in &points {
            svg.dot(*point, line.class);
        }
        let x = (at as f64).mul_add(200.0, 60.0);
        svg.rect((x, bottom + 34.0), (11.0, 11.0), line.class);
        svg.text((x + 17.0, bottom + 44.0), "start", "soft", &line.title);
    }
    svg.end()
}

/// Two small lines over the nights, without axes: what is told in figures stands beside them.
pub struct Sparks<'a> {
    /// What it shows.
    pub title: &'a str,
    /// Label of the night, a share drawn against the largest of its kind, a share drawn from none to all.
    pub points: &'a [(String, f64, f64)],
}

/// Draws [`Sparks`].
pub fn sparks(sparks: &Sparks<'_>) -> String {
    const HEIGHT: f64 = 60.0;
    let mut svg = Svg::new(HEIGHT + 30.0, sparks.title);
    let most = sparks.points.iter().map(|point| point.1).fold(0.0, f64::max);
    let scale =
        Scale { low: 0.0, high: (sparks.points.len().max(2) - 1) as f64, from: 20.0, to: WIDTH - 20.0 };
    let y = |share: f64| (1.0 - share).mul_add(HEIGHT - 16.0, 8.0);
    svg.line((scale.from, y(0.0)), (scale.to, y(0.0)), "axis");
    let place = |at: usize, share: f64| (scale.at(at as f64), y(share));
    let shares = |of: fn(&(String, f64, f64), f64) -> f64| -> Vec<(f64, f64)> {
        sparks.points.iter().enumerate().map(|(at, point)| place(at, of(point, most))).collect()
    };
    let whole = shares(|point, _| point.2);
    let held = shares(|point, most| if most > 0.0 { point.1 / most } else { 0.0 });
    for (points, class) in [(whole, "three"), (held, "two")] {
        svg.polyline(&points, class);
        for point in &points {
            svg.dot(*point, class);
        }
    }
    let ends = [(sparks.points.first(), scale.from, "start"), (sparks.points.last(), scale.to, "end")];
    for (point, x, anchor) in ends {
        // Drawn less than half as wide as other charts, so the letters are larger.
        svg.text((x, HEIGHT + 23.0), anchor, "end", point.map_or("", |point| point.0.as_str()));
    }
    svg.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_is_well_formed_and_holds_no_markup_of_its_texts() {
        let step = |bits| Step { title: "<a&\"b\">".into(), note: "x<y".into(), bits };
        let mark = || [Mark { title: "1 > 0".into(), at: 6.6 }];
        let row = Interval { title: "a<b".into(), model: 0.5, ranges: vec![("one", 0.1, 0.0, 1.0)] };
        let line = Line { title: "p&r".into(), class: "one", points: vec![(0.0, 0.5), (1.0, 1.0)] };
        let charts = [
            waterfall("t<u", &[step(-20.0), step(30.0)], &step(10.0), &mark()),
            intervals("t", &[row]),
            bars("t", &[Bar { title: "a&b".into(), value: -3.0 }]),
            histogram("t", &[(0.0, 5), (2.0, 1)], 2.0, &mark()),
            lines("t", &[line], (0.0, 1.0), &mark(), &[]),
            sparks(&Sparks { title: "t<u", points: &[("a<b".into(), 0.0, 0.0)] }),
            sparks(&Sparks { title: "t", points: &[("a".into(), 0.01, 1.0), ("b".into(), 0.02, 0.5)] }),
        ];
        for chart in charts {
            assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>"));
            let tags = chart.matches('<').count();
            assert_eq!(tags, chart.matches('>').count(), "{chart}");
            assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
        }
    }

    #[test]
    fn the_bars_of_a_waterfall_follow_one_another() {
        let step = |bits| Step { title: String::new(), note: String::new(), bits };
        let chart = waterfall("t", &[step(-10.0), step(20.0)], &step(10.0), &[]);
        // From -10 to 10 over 560 units: 28 units for each bit.
        let bars: Vec<&str> =
            chart.split("<rect ").skip(1).map(|bar| bar.split(" y=").next().unwrap()).collect();
        assert_eq!(bars, ["x=\"250.0\"", "x=\"250.0\"", "x=\"530.0\""]);
        let widths: Vec<&str> =
            chart.split("width=\"").skip(1).map(|bar| bar.split('"').next().unwrap()).collect();
        assert_eq!(widths, ["280.0", "560.0", "280.0"]);
    }

    #[test]
    fn ticks_are_round_and_few() {
        let scale = Scale::over([-23.0, 31.0].into_iter());
        assert_eq!(
            scale.ticks().iter().map(|tick| short(*tick)).collect::<Vec<_>>(),
            ["-20", "-10", "0", "10", "20", "30"]
        );
        assert_eq!((short(0.126), short(-0.001)), ("0.13".to_owned(), "0".to_owned()));
    }
}
