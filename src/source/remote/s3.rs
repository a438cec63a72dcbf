//! S3 and what speaks like it (OSS, OBS, MinIO): requests are signed here, so that the key never leaves
//! this process, and carried by `curl`.

use std::fs::File;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::address::encoded;
use super::curl::{Settings, refused, with_status};
use super::error::{Fault, PullError};
use super::{Clock, Listed, Remote, Transport, listing};
use crate::domain::{Day, Masked, hex, sha256_of};

/// SHA-256 of nothing: requests that fetch have no body.
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/// Most pages of a listing (of 1000 objects each).
const PAGES_MAX: usize = 100;

/// One bucket: the address holds it as the first part of its path or of its host.
pub(super) struct Bucket<'a> {
    pub(super) remote: &'a Remote,
    pub(super) secret: Masked<String>,
    pub(super) clock: &'a dyn Clock,
}

impl Bucket<'_> {
    /// The bucket's part of the path and the rest, which begins every key.
    fn parts(&self) -> (&str, &str) {
        let path = &self.remote.address.path;
        if !self.remote.bucket_in_path {
            return ("", path.strip_prefix('/').unwrap_or(path));
        }
        match path.get(1..).and_then(|inner| inner.find('/')) {
            Some(end) => (&path[..=end], &path[end + 2..]),
            None => (path, ""),
        }
    }

    /// The beginning of the keys of a folder.
    fn prefix(&self, folder: &str) -> String {
        let (_, start) = self.parts();
        let mut prefix = String::new();
        for part in [start, folder].into_iter().filter(|part| !part.is_empty()) {
            prefix.push_str(part);
            prefix.push('/');
        }
        prefix
    }

    /// The path of a file, encoded.
    fn place(&self, folder: &str, name: &str) -> String {
        encoded(format!("{}/{}{name}", self.parts().0, self.prefix(folder)).as_bytes(), b"/")
    }

    /// A call for a path with a query, both encoded.
    fn settings(&self, path: &str, query: &str) -> Settings {
        self.request(("GET", NOTHING), path, query)
    }

    /// The same with a method and the digest of a body.
    fn request(&self, (method, body): (&str, &str), path: &str, query: &str) -> Settings {
        let address = &self.remote.address;
        let time = stamp(self.clock.epoch());
        let mut settings = Settings::new(self.remote);
        let signature = Signature {
            key: &self.remote.user,
            secret: self.secret.reveal(),
            region: &self.remote.region,
            host: &address.authority(),
            time: &time,
            method,
            body,
        };
        settings.set("header", &format!("Authorization: {}", signature.of(path, query)));
        settings.set("header", &format!("x-amz-date: {time}"));
        settings.set("header", &format!("x-amz-content-sha256: {body}"));
        let mark = if query.is_empty() { "" } else { "?" };
        settings.set("url", &format!("{}{path}{mark}{query}", address.origin()));
        settings.word("fail");
        settings.set("write-out", "\n%{http_code}");
        settings
    }

    fn answer(&self, said: &super::program::Said) -> PullError {
        let status = with_status(said).1;
        let mut error = refused(self.remote, said, status);
        if status == Some(403) {
            "check `user`, `password`, `region` and this machine's clock".clone_into(&mut error.remedy);
        }
        error
    }
}

impl Transport for Bucket<'_> {
    fn list(&self, folder: &str, _: &dyn Fn(&str) -> bool) -> Result<Vec<Listed>, PullError> {
        let prefix = self.prefix(folder);
        let mut path = encoded(self.parts().0.as_bytes(), b"/");
        if path.is_empty() {
            path.push('/');
        }
        let (mut files, mut token) = (Vec::new(), None::<String>);
        for _ in 0..PAGES_MAX {
            // In the order of their names, as the signature wants them.
            let next = token.map(|token| format!("continuation-token={}&", encoded(token.as_bytes(), b"")));
            let query = format!(
                "{}delimiter=%2F&list-type=2&prefix={}",
                next.unwrap_or_default(),
                encoded(prefix.as_bytes(), b"")
            );
            let said = self.settings(&path, &query).run(self.remote, None)?;
            if said.code != Some(0) {
                return Err(self.answer(&said));
            }
            let page = listing::objects(with_status(&said).0, &prefix).ok_or_else(|| {
                PullError::of(
                    &self.remote.name,
                    Fault::Answer,
                    "the server's answer is no listing of a bucket",
                )
            })?;
            files.extend(page.files);
            token = page.next;
            if token.is_none() {
                return Ok(files);
            }
        }
        let what = format!("the folder holds more than {PAGES_MAX} pages of files");
        Err(PullError::of(&self.remote.name, Fault::TooLarge, what))
    }

    fn fetch(&self, folder: &str, file: &Listed, to: &Path) -> Result<(), PullError> {
        let mut settings = self.settings(&self.place(folder, &file.name), "");
        settings.set("output", &to.display().to_string());
        settings.set("max-filesize", &self.remote.file_bytes_max.to_string());
        let said = settings.run(self.remote, Some(to))?;
        if said.code == Some(0) { Ok(()) } else { Err(self.answer(&said)) }
    }

    /// An object appears whole, and only when its bytes have the digest that was signed.
    fn send(&self, folder: &str, from: &Path, name: &str) -> Result<(), PullError> {
        let (digest, _) = File::open(from)
            .and_then(sha256_of)
            .map_err(|error| PullError::local(&self.remote.name, "read", from, &error))?;
        let mut settings = self.request(("PUT", &digest), &self.place(folder, name), "");
        settings.upload(self.remote, from)?;
        let said = settings.run(self.remote, None)?;
        if said.code == Some(0) { Ok(()) } else { Err(self.answer(&said)) }
    }
}

/// Signature version 4 of a request.
struct Signature<'a> {
    key: &'a str,
    secret: &'a str,
    region: &'a str,
    host: &'a str,
    /// `YYYYMMDDTHHMMSSZ`.
    time: &'a str,
    method: &'a str,
    /// SHA-256 of the body.
    body: &'a str,
}

impl Signature<'_> {
    /// The value of the header `Authorization`.
    fn of(&self, path: &str, query: &str) -> String {
        let headers = "host;x-amz-content-sha256;x-amz-date";
        let request = format!(
            "{}\n{path}\n{query}\nhost:{}\nx-amz-content-sha256:{body}\nx-amz-date:{}\n\n{headers}\n{body}",
            self.method,
            self.host,
            self.time,
            body = self.body
        );
        let day = &self.time[..8];
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let digest = hex(&Sha256::digest(request.as_bytes()));
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{digest}", self.time);
        let start = format!("AWS4{}", self.secret).into_bytes();
        let key = [day, self.region, "s3", "aws4_request"]
            .iter()
            .fold(start, |key, part| hmac(&key, part.as_bytes()).to_vec());
        let signature = hex(&hmac(&key, text.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={headers}, Signature={signature}",
            self.key
        )
    }
}

/// HMAC with SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |byte: u8| block.map(|key| key ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

/// An instant as the signature writes it.
fn stamp(epoch: u64) -> String {
    let (days, seconds) = (epoch / 86_400, epoch % 86_400);
    let day = Day::from_days(i32::try_from(days).unwrap_or(i32::MAX)).iso().replace('-', "");
    format!("{day}T{:02}{:02}{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::remote::tests::{StillClock, remote};

    #[test]
    fn hmac_of_the_standards_own_examples() {
        // RFC 4231, cases 2 and 6.
        let short = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn the_signature_is_the_one_of_the_services_own_example() {
        // "GET Bucket (List Objects)" of the documentation of S3.
        let signature = Signature {
            key: "AKIAIOSFODNN7EXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
            host: "examplebucket.s3.amazonaws.com",
            time: "20130524T000000Z",
            method: "GET",
            body: NOTHING,
        };
        let header = signature.of("/", "max-keys=2&prefix=J");
        let expected = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert!(header.ends_with(&format!("Signature={expected}")), "{header}");
    }

    #[test]
    fn instants_are_written_as_the_signature_wants_them() {
        assert_eq!(stamp(1_369_353_600), "20130524T000000Z");
        assert_eq!(stamp(1_369_353_600 + 3_661), "20130524T010101Z");
    }

    #[test]
    fn the_bucket_stands_in_the_path_or_in_the_host() {
        let parts = |at: &str, in_path, folder: &str| {
            let remote = Remote { bucket_in_path: in_path, ..remote(at) };
            let bucket = Bucket { remote: &remote, secret: Masked::new(String::new()), clock: &StillClock };
            (bucket.parts().0.to_owned(), bucket.prefix(folder))
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(parts("http://h:9000/county", true, "civil"), pair("/county", "civil/"));
        assert_eq!(parts("http://h/county/in/daily", true, ""), pair("/county", "in/daily/"));
        assert_eq!(parts("https://county.oss.example/in", false, "x/y"), pair("", "in/x/y/"));
        assert_eq!(parts("https://county.oss.example", false, ""), pair("", ""));
    }
}
