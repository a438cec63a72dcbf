//! Look-alike characters with a score.

use super::char_map::CharMap;
use super::rows::{TableText, one_char};
use crate::diag::Diagnostic;

/// Up to twelve look-alikes for each of about 7,800 characters.
#[derive(Clone, Debug, Default)]
pub struct Glyphs {
    /// 1-based row of a character, 0 when absent.
    index: CharMap<u16>,
    /// Neighbours of row `i` are `cells[starts[i - 1]..starts[i]]`.
    starts: Vec<u32>,
    cells: Vec<(char, u16)>,
}

impl Glyphs {
    /// How alike two different characters look, in thousandths; 0 when neither lists the other.
    pub fn score(&self, a: char, b: char) -> u16 {
        let one_way = |from: char, to: char| {
            self.neighbours(from).iter().find(|(c, _)| *c == to).map_or(0, |(_, score)| *score)
        };
        one_way(a, b).max(one_way(b, a))
    }

    /// The look-alikes of a character with their scores in thousandths, as the table lists them.
    pub fn neighbours(&self, c: char) -> &[(char, u16)] {
        let row = usize::from(self.index.get(c));
        match row.checked_sub(1) {
            Some(before) => &self.cells[self.starts[before] as usize..self.starts[row] as usize],
            None => &[],
        }
    }

    pub(super) fn load(table: TableText<'_>, problems: &mut Vec<Diagnostic>) -> (Self, u64) {
        let mut glyphs = Self { starts: vec![0], ..Self::default() };
        let mut current = '\0';
        let header = ["char", "neighbor", "score", "ids", "four_corner", "wubi", "bitmap"];
        let rows = table.tsv(&header, problems, |cells| {
            let (c, neighbour) = (one_char(cells[0])?, one_char(cells[1])?);
            let score = thousandths(cells[2]).ok_or("score is not of the form 0.495")?;
            if c != current {
                if glyphs.index.get(c) != 0 {
                    return Err("rows of one character must stand together".to_owned());
                }
                let row = u16::try_from(glyphs.starts.len()).map_err(|_| "more than 65,535 characters")?;
                glyphs.index.set(c, row);
                let end = *glyphs.starts.last().expect("starts is never empty");
                glyphs.starts.push(end);
                current = c;
            }
            glyphs.cells.push((neighbour, score));
            *glyphs.starts.last_mut().expect("starts is never empty") += 1;
            Ok(())
        });
        (glyphs, rows)
    }
}

/// `0.495` → 495; one to three decimals.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = 10_u16.pow(3 - u32::try_from(decimals.len()).ok()?);
    let fraction = if decimals.is_empty() { 0 } else { decimals.parse::<u16>().ok()? * scale };
    Some(whole.parse::<u16>().ok()?.checked_mul(1000)? + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_hold_in_both_directions() {
        let text = "char\tneighbor\tscore\tids\tfour_corner\twubi\tbitmap\n\
                    晨\t辰\t0.55\t0\t0\t0\t0\n晨\t宸\t0.671\t0\t0\t0\t0\n己\t已\t0.67\t0\t0\t0\t0\n";
        let mut problems = Vec::new();
        let (glyphs, rows) = Glyphs::load(TableText { file: "g", text }, &mut problems);
        assert_eq!((rows, problems.len()), (3, 0));
        assert_eq!([glyphs.score('晨', '辰'), glyphs.score('宸', '晨')], [550, 671]);
        assert_eq!([glyphs.score('已', '己'), glyphs.score('已', '辰')], [670, 0]);
        assert_eq!(glyphs.neighbours('晨').len(), 2);
    }
}
