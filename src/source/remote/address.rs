//! Where a remote is: `scheme://host[:port]/path`, taken apart and without surprises.

/// A place in the network. It never holds a user or a password: those are named beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Scheme, lower case.
    pub scheme: String,
    /// Host name or number; an IPv6 number keeps its brackets.
    pub host: String,
    /// Port, where one is told.
    pub port: Option<u16>,
    /// Path with its leading `/`, without one at the end; empty for the top.
    pub path: String,
}

impl Address {
    /// Takes an address apart.
    ///
    /// # Errors
    /// What is wrong with it, in words that fit after "the address".
    pub fn parse(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("has no scheme: write scheme://host/path")?;
        let (place, path) = rest.split_once('/').map_or((rest, ""), |(place, path)| (place, path));
        if place.contains('@') {
            return Err("names a user: write `user` and `password` on lines of their own".to_owned());
        }
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (place, None),
        };
        let port = match port.map(str::parse::<u16>) {
            None => None,
            Some(Ok(port)) if port > 0 => Some(port),
            Some(_) => return Err("has a port that is none".to_owned()),
        };
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let well = match inner {
            Some(number) => number.parse::<std::net::Ipv6Addr>().is_ok(),
            None => is_host(host),
        };
        if !well {
            return Err("has a host that is none".to_owned());
        }
        if path.contains(['?', '#']) {
            return Err("holds `?` or `#`, which no folder has".to_owned());
        }
        let path = match path.trim_end_matches('/') {
            "" => String::new(),
            path => format!("/{}", plain_folder(path).ok_or("has a path with a part that is no name")?),
        };
        Ok(Self { scheme: scheme.to_ascii_lowercase(), host: host.to_owned(), port, path })
    }

    /// Scheme, host and port as URLs begin with them.
    pub(super) fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.authority())
    }

    /// Host and port as the header `Host` has them: the usual port of the scheme is left out.
    pub(super) fn authority(&self) -> String {
        let usual = match self.scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let port = self.port.filter(|port| Some(*port) != usual);
        port.map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }

    /// The path of a folder below the address.
    pub(super) fn below(&self, folder: &str) -> String {
        if folder.is_empty() { self.path.clone() } else { format!("{}/{folder}", self.path) }
    }
}

fn is_host(host: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    host.split('.').all(part)
}

/// A relative path of plain names, `.` for none of them; `None` where a part would lead elsewhere.
pub fn plain_folder(text: &str) -> Option<String> {
    if text == "." {
        return Some(String::new());
    }
    text.split('/').all(is_plain_name).then(|| text.to_owned())
}

/// Whether a name is one of a file in its folder, on every system and in every command.
pub fn is_plain_name(name: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | '"');
    !name.is_empty() && name.len() <= 255 && name != "." && name != ".." && !name.contains(odd)
}

/// Percent-encoding of all bytes but the unreserved ones and those of `keep`.
pub(super) fn encoded(bytes: &[u8], keep: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&crate::domain::hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

/// The bytes behind percent-encoding; what is no encoding stays as it is.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let pair = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        let check = |text: &str, host: &str, port: Option<u16>, path: &str| {
            let address = Address::parse(text).unwrap();
            assert_eq!(
                (address.host.as_str(), address.port, address.path.as_str()),
                (host, port, path),
                "{text}"
            );
        };
        check("sftp://10.1.2.3:2222/out/daily/", "10.1.2.3", Some(2222), "/out/daily");
        check("FTP://files.example", "files.example", None, "");
        check("https://[::1]:8443/民政", "[::1]", Some(8443), "/民政");
    }

    #[test]
    fn addresses_that_hold_more_than_a_place_are_refused() {
        for wrong in [
            "10.1.2.3/out",
            "sftp://user:secret@host/out",
            "sftp://host:0/",
            "sftp://host:99999/",
            "sftp://-oProxyCommand=x/",
            "sftp://ho st/",
            "http://host/a?b",
            "http://host/a/../b",
            "http://host//a",
            "http:///a",
        ] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_survive_encoding_and_none_leads_elsewhere() {
        assert_eq!(encoded("名 a~/".as_bytes(), b"/"), "%E5%90%8D%20a~/");
        assert_eq!(decoded("%E5%90%8D%20a~%zz%"), "名 a~%zz%".as_bytes());
        for wrong in ["", "..", "a/b", "a\\b", "a\"b", "a\nb"] {
            assert!(!is_plain_name(wrong), "{wrong:?}");
        }
        assert!(is_plain_name("名册 [1].xlsx"));
        assert_eq!(plain_folder("out/../x"), None);
        assert_eq!(plain_folder(".").as_deref(), Some(""));
    }
}
