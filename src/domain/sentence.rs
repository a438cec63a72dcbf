//! A sentence that remembers which of its parts are values and what the values are called.

/// A part of a [`Sentence`] that is a value of the data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct SentenceValue {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Names, in the rule's SELECT, of what the part was made from.
    pub names: Vec<String>,
}

/// What is said about a finding. Whoever may not see a value gets the sentence without it
/// ([`Sentence::without`]); the text as a whole is for those who may see everything.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sentence {
    text: String,
    /// In the order of the text, none overlapping another.
    values: Vec<SentenceValue>,
}

impl Sentence {
    /// A text with its values; those that are not parts of the text in its order are left out.
    pub fn new(text: String, values: Vec<SentenceValue>) -> Self {
        let mut sentence = Self { text, values: Vec::with_capacity(values.len()) };
        let mut from = 0;
        for value in values {
            if value.start >= from && sentence.text.get(value.start..value.end).is_some() {
                from = value.end;
                sentence.values.push(value);
            }
        }
        sentence
    }

    /// Sentences one after another with a mark between them.
    pub fn joined<'a>(sentences: impl IntoIterator<Item = &'a Self>, between: &str) -> Self {
        let mut all = Self::default();
        for (at, sentence) in sentences.into_iter().enumerate() {
            if at > 0 {
                all.text.push_str(between);
            }
            let shift = all.text.len();
            all.text.push_str(&sentence.text);
            all.values.extend(sentence.values.iter().map(|value| SentenceValue {
                start: value.start + shift,
                end: value.end + shift,
                names: value.names.clone(),
            }));
        }
        all
    }

    /// Adds words.
    pub fn say(&mut self, words: &str) {
        self.text.push_str(words);
    }

    /// Adds a value.
    pub fn tell(&mut self, value: &str, names: Vec<String>) {
        let start = self.text.len();
        self.text.push_str(value);
        self.values.push(SentenceValue { start, end: self.text.len(), names });
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parts that are values.
    pub fn values(&self) -> &[SentenceValue] {
        &self.values
    }

    /// The text with something else in the place of each value that is made from a withheld one.
    pub fn without(&self, withheld: impl Fn(&str) -> bool, stand_in: &str) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut from = 0;
        for value in self.values.iter().filter(|value| value.names.iter().any(|name| withheld(name))) {
            out.push_str(&self.text[from..value.start]);
            out.push_str(stand_in);
            from = value.end;
        }
        out.push_str(&self.text[from..]);
        out
    }
}

/// Where values stand and what they are called; never the text.
impl std::fmt::Debug for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sentence").field("values", &self.values).finish_non_exhaustive()
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sentence {
        let mut sentence = Sentence::default();
        sentence.say("父亲");
        sentence.tell("服刑", vec!["state".to_owned()]);
        sentence.say("，共 ");
        sentence.tell("12.00", vec!["money".to_owned(), "months".to_owned()]);
        sentence.say(" 元");
        sentence
    }

    #[test]
    fn a_withheld_value_is_replaced_and_nothing_else() {
        let sentence = sample();
        assert_eq!(sentence.text(), "父亲服刑，共 12.00 元");
        assert_eq!(sentence.without(|_| false, "（略）"), sentence.text());
        assert_eq!(sentence.without(|name| name == "months", "（略）"), "父亲服刑，共 （略） 元");
        assert_eq!(sentence.without(|_| true, "（略）"), "父亲（略），共 （略） 元");
    }

    #[test]
    fn joined_sentences_keep_their_values() {
        let joined = Sentence::joined([&sample(), &sample()], "；");
        assert_eq!(joined.without(|name| name == "state", "*"), "父亲*，共 12.00 元；父亲*，共 12.00 元");
        assert_eq!(Sentence::new(joined.text().to_owned(), joined.values().to_vec()), joined);
    }

    #[test]
    fn values_that_are_no_parts_of_the_text_are_left_out() {
        let value = |start, end| SentenceValue { start, end, names: vec!["x".to_owned()] };
        let sentence =
            Sentence::new("甲乙".to_owned(), vec![value(1, 3), value(3, 6), value(0, 3), value(6, 9)]);
        assert_eq!(sentence.without(|_| true, "_"), "甲_");
    }
}
