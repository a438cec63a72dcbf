//! SQL text to expressions: a small grammar, wide enough for every condition that Splink writes.
//!
//! ```text
//! any     = all { OR all }              all  = not { AND not }        not = NOT not | test
//! test    = sum [ IS [NOT] NULL | (= <> != < <= > >=) sum ]
//! sum     = product { (+ | - | "||") product }                        product = unary { (* | / | %) unary }
//! unary   = - unary | postfix           postfix = primary { "[" [-] number "]" | "::" word }
//! primary = number | text | name [ . name ] | word "(" [ any { , any } ] ")" | CAST "(" any AS word ")"
//!         | CASE WHEN any THEN any ELSE any END | "(" any ")"
//! ```

use super::token::{Token, What, tokens};

/// An expression; brackets are gone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// A column, with the table before the dot where there is one.
    Column {
        table: Option<String>,
        name: String,
    },
    Number(f64),
    Text(String),
    /// A function, its name in small letters.
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    Cast {
        value: Box<Expression>,
        kind: String,
    },
    Index {
        value: Box<Expression>,
        at: f64,
    },
    Case {
        when: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Missing(Box<Expression>),
    Not(Box<Expression>),
    /// Two or more parts with one operator between them: `and` or `or`.
    Chain {
        all: bool,
        parts: Vec<Expression>,
    },
    Binary {
        sign: &'static str,
        left: Box<Expression>,
        right: Box<Expression>,
    },
}

/// Deepest nesting; deeper text is hostile or a mistake, and must not exhaust the stack.
const DEPTH_MAX: usize = 64;
/// Words that end an expression and are no column.
const KEYWORDS: &[&str] =
    &["and", "or", "not", "is", "null", "case", "when", "then", "else", "end", "as", "cast"];

/// Reads one whole expression.
///
/// # Errors
/// What is not understood, in words.
pub(super) fn parse(sql: &str) -> Result<Expression, String> {
    let mut reader = Reader { sql, tokens: tokens(sql)?, at: 0, depth: 0 };
    let found = reader.any()?;
    match reader.tokens.get(reader.at) {
        None => Ok(found),
        Some(token) => Err(format!("`{}` is not expected there", excerpt(&sql[token.at..]))),
    }
}

/// The beginning of a text, for messages.
fn excerpt(text: &str) -> &str {
    text.char_indices().nth(30).map_or(text, |(end, _)| &text[..end])
}

struct Reader<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn any(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("it is nested more than {DEPTH_MAX} deep"));
        }
        let found = self.chain("or", |reader| reader.chain("and", Self::not));
        self.depth -= 1;
        found
    }

    fn chain(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Result<Expression, String>,
    ) -> Result<Expression, String> {
        let mut parts = vec![part(self)?];
        while self.word(word) {
            parts.push(part(self)?);
        }
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            last => {
                Ok(Expression::Chain { all: word == "and", parts: parts.into_iter().chain(last).collect() })
            }
        }
    }

    fn not(&mut self) -> Result<Expression, String> {
        let mut odd = false;
        while self.word("not") {
            odd = !odd;
        }
        let inner = self.test()?;
        Ok(if odd { Expression::Not(Box::new(inner)) } else { inner })
    }

    fn test(&mut self) -> Result<Expression, String> {
        let left = self.sum()?;
        if self.word("is") {
            let not = self.word("not");
            self.expect_word("null")?;
            let missing = Expression::Missing(Box::new(left));
            return Ok(if not { Expression::Not(Box::new(missing)) } else { missing });
        }
        for sign in ["=", "==", "<>", "!=", "<=", ">=", "<", ">"] {
            if self.sign(sign) {
                let right = self.sum()?;
                let sign = match sign {
                    "==" => "=",
                    "!=" => "<>",
                    other => other,
                };
                return Ok(Expression::Binary { sign, left: Box::new(left), right: Box::new(right) });
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Expression, String> {
        self.operators(&["+", "-", "||"], |reader| reader.operators(&["*", "/", "%"], Self::unary))
    }

    fn operators(
        &mut self,
        signs: &[&'static str],
        part: impl Fn(&mut Self) -> Result<Expression, String>,
    ) -> Result<Expression, String> {
        let mut left = part(self)?;
        while let Some(sign) = signs.iter().copied().find(|sign| self.sign(sign)) {
            let right = part(self)?;
            left = Expression::Binary { sign, left: Box::new(left), right: Box::new(right) };
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.sign("-") {
            return match self.postfix()? {
                Expression::Number(number) => Ok(Expression::Number(-number)),
                _ => Err("a minus stands before a number only".into()),
            };
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Result<Expression, String> {
        let mut value = self.primary()?;
        loop {
            if self.sign("[") {
                let minus = self.sign("-");
                let Some(What::Number(number)) = self.next() else {
                    return Err("an element is named by its number".into());
                };
                self.expect("]")?;
                value =
                    Expression::Index { value: Box::new(value), at: if minus { -number } else { number } };
            } else if self.sign("::") {
                let kind = self.name()?;
                value = Expression::Cast { value: Box::new(value), kind };
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Result<Expression, String> {
        if self.sign("(") {
            let inner = self.any()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.word("cast") {
            self.expect("(")?;
            let value = Box::new(self.any()?);
            self.expect_word("as")?;
            let kind = self.name()?;
            self.expect(")")?;
            return Ok(Expression::Cast { value, kind });
        }
        if self.word("case") {
            return self.case();
        }
        match self.next() {
            Some(What::Number(number)) => Ok(Expression::Number(number)),
            Some(What::Text(text)) => Ok(Expression::Text(text)),
            Some(What::Quoted(name)) => self.column(name),
            Some(What::Word(word)) if KEYWORDS.contains(&word.to_lowercase().as_str()) => {
                Err(format!("`{word}` is not expected there"))
            }
            Some(What::Word(word)) if self.sign("(") => self.call(&word),
            Some(What::Word(word)) => self.column(word),
            Some(What::Sign(sign)) => Err(format!("`{sign}` is not expected there")),
            None => Err("it ends too early".into()),
        }
    }

    fn case(&mut self) -> Result<Expression, String> {
        self.expect_word("when")?;
        let when = Box::new(self.any()?);
        self.expect_word("then")?;
        let then = Box::new(self.any()?);
        self.expect_word("else")?;
        let otherwise = Box::new(self.any()?);
        self.expect_word("end")?;
        Ok(Expression::Case { when, then, otherwise })
    }

    fn call(&mut self, name: &str) -> Result<Expression, String> {
        let mut arguments = Vec::new();
        if !self.sign(")") {
            arguments.push(self.any()?);
            while self.sign(",") {
                arguments.push(self.any()?);
            }
            self.expect(")")?;
        }
        Ok(Expression::Call { name: name.to_lowercase(), arguments })
    }

    fn column(&mut self, name: String) -> Result<Expression, String> {
        if self.sign(".") {
            return Ok(Expression::Column { table: Some(name), name: self.name()? });
        }
        Ok(Expression::Column { table: None, name })
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next() {
            Some(What::Word(name) | What::Quoted(name)) => Ok(name),
            _ => Err("a name is missing".into()),
        }
    }

    fn next(&mut self) -> Option<What> {
        let token = self.tokens.get(self.at).map(|token| token.what.clone());
        self.at += 1;
        token
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found =
            matches!(self.tokens.get(self.at), Some(Token { what: What::Sign(found), .. }) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at),
            Some(Token { what: What::Word(found), .. }) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.sign(sign) { Ok(()) } else { Err(format!("`{sign}` is missing before `{}`", self.rest())) }
    }

    fn expect_word(&mut self, word: &str) -> Result<(), String> {
        if self.word(word) { Ok(()) } else { Err(format!("`{word}` is missing before `{}`", self.rest())) }
    }

    fn rest(&self) -> &str {
        self.tokens.get(self.at).map_or("", |token| excerpt(&self.sql[token.at..]))
    }
}
