//! Public keys of recipients (`recipient_keys.csv`), to which files may be encrypted when they are handed over.
//!
//! Keys are those of `age`: X25519 as `age-keygen` prints them. They are no secrets; whoever holds the other half
//! keeps it. A recipient may have several, and a town has its own under the folder of its lists.

use super::Desk;
use super::disclosure::{Disclosure, Sheet};
use crate::diag::{Diagnostic, did_you_mean};
use crate::domain::Day;

/// A line of `recipient_keys.csv`.
#[derive(Clone, Debug)]
pub(super) struct RecipientKey {
    /// Folder below `lists/`.
    recipient: String,
    key: String,
    /// The last day; `None`: until it is taken out of the table.
    until: Option<Day>,
}

/// All keys, in the table's order.
pub(super) fn load(
    sheet: &Sheet,
    disclosure: &Disclosure,
    problems: &mut Vec<Diagnostic>,
) -> Vec<RecipientKey> {
    let mut keys = Vec::new();
    for (at, row) in sheet.rows.iter().enumerate() {
        let mut report = sheet.reporter(at, "recipient_key", problems);
        let (recipient, key) = (sheet.cell(row, "recipient"), sheet.cell(row, "key"));
        if !disclosure.has_folder(recipient) {
            let near = did_you_mean(recipient, disclosure.agencies());
            report("recipient", format!("no recipient has the folder `{recipient}` below lists/"), near);
        }
        if !is_key(key) {
            report(
                "key",
                "this is no public key of age (age1…, 62 characters), or it has a typing error".to_owned(),
                None,
            );
        }
        let text = sheet.cell(row, "valid_until");
        let until = Day::parse_iso(text);
        if until.is_none() && !text.is_empty() {
            report("valid_until", format!("`{text}` is no day; write it as 2026-11-20"), None);
        }
        keys.push(RecipientKey { recipient: recipient.to_owned(), key: key.to_owned(), until });
    }
    keys
}

impl Desk {
    /// Keys of a recipient (the folder of its lists) that may be used on a day, in the table's order.
    pub fn keys(&self, recipient: &str, day: Day) -> Vec<&str> {
        let of =
            |key: &&RecipientKey| key.recipient == recipient && key.until.is_none_or(|until| day <= until);
        self.keys.iter().filter(of).map(|key| key.key.as_str()).collect()
    }

    /// Recipients that have a key on a day, sorted, each once.
    pub fn with_keys(&self, day: Day) -> Vec<&str> {
        let usable = self.keys.iter().filter(|key| key.until.is_none_or(|until| day <= until));
        let mut names: Vec<&str> = usable.map(|key| key.recipient.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// Whether a text is an X25519 recipient of age: Bech32 (BIP 173) of 32 bytes under the name `age`.
fn is_key(text: &str) -> bool {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let Some(data) = text.strip_prefix("age1").filter(|data| data.len() == 58) else { return false };
    let values = data.bytes().map(|byte| ALPHABET.iter().position(|known| *known == byte));
    let Some(values) = values.collect::<Option<Vec<usize>>>() else { return false };
    let name = b"age";
    let high = name.iter().map(|byte| u32::from(byte >> 5));
    let low = name.iter().map(|byte| u32::from(byte & 31));
    let values = values.into_iter().map(|value| u32::try_from(value).unwrap_or(0));
    let mut sum: u32 = 1;
    for value in high.chain([0]).chain(low).chain(values) {
        let top = sum >> 25;
        sum = ((sum & 0x01ff_ffff) << 5) ^ value;
        for (bit, generator) in GENERATORS.iter().enumerate() {
            if top >> bit & 1 == 1 {
                sum ^= generator;
            }
        }
    }
    sum == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that age's documentation prints.
    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    #[test]
    fn a_key_is_known_by_its_checksum_and_one_wrong_character_is_none() {
        assert!(is_key(KEY));
        for wrong in [
            KEY.replace("ql3", "qI3"),
            KEY.replace("ql3", "q13"),
            KEY.replace("z7hjy", "7zhjy"),
            KEY.to_uppercase(),
            KEY[..61].to_owned(),
            KEY.replace("age1", "ssh1"),
            "age1".to_owned(),
        ] {
            assert!(!is_key(&wrong), "{wrong}");
        }
    }

    #[test]
    fn keys_are_found_by_the_folder_of_the_lists_until_their_last_day() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("recipient_keys.csv");
        let head = "recipient,key,holder,valid_until";
        let lines = format!("{head}\neducation,{KEY},王某,2026-11-30\ntown-某镇,{KEY},,\n");
        std::fs::write(&table, &lines).unwrap();
        let desk = Desk::load(None, Some(folder.path())).unwrap();
        let day = |text: &str| Day::parse_iso(text).unwrap();
        assert_eq!(desk.keys("education", day("2026-11-30")), [KEY]);
        assert_eq!(desk.keys("education", day("2026-12-01")), Vec::<&str>::new());
        assert_eq!(desk.with_keys(day("2026-11-30")), ["education", "town-某镇"]);
        assert_eq!(desk.with_keys(day("2026-12-01")), ["town-某镇"]);
        let wrong = format!("{head}\neducatio,{KEY},,\ntown,age1,,soon\nowner,{KEY},,\n");
        std::fs::write(&table, wrong).unwrap();
        let problems = Desk::load(None, Some(folder.path())).unwrap_err();
        let told: Vec<(u32, &str)> = problems.iter().map(|p| (p.spot.line, p.spot.column.as_str())).collect();
        assert_eq!(
            told,
            [(2, "recipient"), (3, "recipient"), (3, "key"), (3, "valid_until"), (4, "recipient")]
        );
        assert_eq!(Desk::load(None, None).unwrap().with_keys(day("2026-11-30")), Vec::<&str>::new());
    }
}
