//! Runs a program of the system that carries files: arguments as a list, secrets by its input or its
//! environment, watched while it works.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::error::{Fault, PullError};

/// Most bytes of an answer that is held in memory (a listing).
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// How often a program at work is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// How long the last words of a program are waited for.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// Variables of the environment that would change what the programs do.
const UNSET: [&str; 14] = [
    "SSH_AUTH_SOCK",
    "CURL_HOME",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGOPTIONS",
    "PGHOSTADDR",
    "PGPASSWORD",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGTARGETSESSIONATTRS",
    "PGREQUIRESSL",
    "PGCHANNELBINDING",
];

/// One call of a program.
pub(super) struct Call<'a> {
    /// The remote it is made for.
    pub(super) remote: &'a str,
    pub(super) program: &'static str,
    /// The Debian package that brings it.
    pub(super) package: &'static str,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(&'static str, String)>,
    /// What it reads; may hold secrets.
    pub(super) input: Vec<u8>,
    /// Where its output goes; `None` holds it in memory.
    pub(super) output: Option<&'a Path>,
    /// The file that must grow while it works.
    pub(super) growing: Option<&'a Path>,
    /// Bytes that may come.
    pub(super) bytes_max: u64,
    /// How long nothing may come.
    pub(super) stall: Duration,
}

/// What a program said.
pub(super) struct Said {
    /// Exit code; `None` when a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) out: Vec<u8>,
    pub(super) err: String,
}

impl Said {
    /// The first line of its complaint, short: what follows is advice, or what broke because of it.
    pub(super) fn complaint(&self) -> String {
        let line =
            self.err.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it gave no reason");
        line.chars().filter(|c| !c.is_control()).take(300).collect()
    }
}

impl Call<'_> {
    fn error(&self, fault: Fault, what: impl Into<String>) -> PullError {
        PullError::of(self.remote, fault, what)
    }

    fn spawn(&self) -> Result<Child, PullError> {
        let mut command = Command::new(self.program);
        command.args(&self.arguments).env("LC_ALL", "C.UTF-8");
        for name in UNSET {
            command.env_remove(name);
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        let output = match self.output {
            None => Stdio::piped(),
            Some(path) => File::create(path)
                .map_err(|error| PullError::local(self.remote, "create", path, &error))?
                .into(),
        };
        command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped());
        command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => PullError::new(
                self.remote,
                Fault::Program,
                format!("the program `{}` is not installed", self.program),
                format!("install it (Debian: apt-get install {})", self.package),
            ),
            _ => self
                .error(Fault::Program, format!("the program `{}` cannot be started: {error}", self.program)),
        })
    }

    /// Runs the program to its end.
    pub(super) fn run(&self) -> Result<Said, PullError> {
        let mut child = self.spawn()?;
        // A program that ended before it read everything says so itself.
        if let Some(mut input) = child.stdin.take() {
            let _ = input.write_all(&self.input);
        }
        let come = Arc::new(AtomicU64::new(0));
        let out = child.stdout.take().map(|pipe| listen(pipe, Arc::clone(&come)));
        let err = child.stderr.take().map(|pipe| listen(pipe, Arc::new(AtomicU64::new(0))));
        let (mut seen, mut since) = (0, Instant::now());
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) => {}
                Err(error) => {
                    return Err(self.error(Fault::Local, format!("wait for {}: {error}", self.program)));
                }
            }
            let written =
                [self.growing, self.output].into_iter().flatten().filter_map(|path| path.metadata().ok());
            let now = come.load(Ordering::Relaxed) + written.map(|facts| facts.len()).sum::<u64>();
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
            let broken = if now > self.bytes_max {
                Some(self.error(Fault::TooLarge, format!("more than {} MiB came", self.bytes_max >> 20)))
            } else if since.elapsed() > self.stall {
                Some(self.error(Fault::Stalled, format!("nothing came for {} s", self.stall.as_secs())))
            } else {
                None
            };
            if let Some(broken) = broken {
                let _ = child.kill();
                let _ = child.wait();
                return Err(broken);
            }
            std::thread::sleep(LOOK);
        };
        let words =
            |heard: Option<Receiver<Vec<u8>>>| heard.and_then(|heard| heard.recv_timeout(LAST_WORDS).ok());
        let err = String::from_utf8_lossy(&words(err).unwrap_or_default()).into_owned();
        Ok(Said { code: status.code(), out: words(out).unwrap_or_default(), err })
    }
}

/// Reads a pipe to its end in the background, counting.
fn listen(mut pipe: impl Read + Send + 'static, come: Arc<AtomicU64>) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
        while let Ok(read @ 1..) = pipe.read(&mut buffer) {
            come.fetch_add(read as u64, Ordering::Relaxed);
            if (all.len() as u64) < ANSWER_BYTES_MAX {
                all.extend_from_slice(&buffer[..read]);
            }
        }
        // Whoever asked may have given up.
        let _ = send.send(all);
    });
    receive
}

/// A value in quotes as `curl` reads it in a file of settings.
pub(super) fn curl_quoted(text: &[u8]) -> Vec<u8> {
    let mut out = b"\"".to_vec();
    for &byte in text {
        match byte {
            b'\\' | b'"' => out.extend([b'\\', byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            other => out.push(other),
        }
    }
    out.push(b'"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'a>(script: &str, growing: Option<&'a Path>) -> Call<'a> {
        Call {
            remote: "r",
            program: "sh",
            package: "dash",
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment: vec![("DOUDI_WORD", "word".to_owned())],
            input: b"input".to_vec(),
            output: None,
            growing,
            bytes_max: 1000,
            stall: Duration::from_secs(20),
        }
    }

    #[test]
    fn a_program_gets_its_input_and_is_heard() {
        let said =
            call("cat; printf \" $DOUDI_WORD\"; echo first >&2; echo last >&2; exit 7", None).run().unwrap();
        assert_eq!((said.code, said.out.as_slice()), (Some(7), b"input word".as_slice()));
        assert_eq!(said.complaint(), "first");
    }

    #[test]
    fn a_program_that_stalls_brings_too_much_or_is_not_there_is_told() {
        let fault = |call: Call<'_>| call.run().map(|said| said.code).unwrap_err().fault;
        let stalled = Call { stall: Duration::from_millis(200), ..call("sleep 30", None) };
        assert_eq!(fault(stalled), Fault::Stalled);
        assert_eq!(fault(call("head -c 100000 /dev/zero; sleep 30", None)), Fault::TooLarge);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part");
        let script = format!("head -c 100000 /dev/zero > '{}'; sleep 30", path.display());
        assert_eq!(fault(call(&script, Some(&path))), Fault::TooLarge);
        let missing = Call { program: "no-such-program-of-doudi", ..call("", None) };
        let told = missing.run().map(|said| said.code).unwrap_err();
        assert_eq!(told.fault, Fault::Program);
        assert!(told.to_string().contains("apt-get install dash"), "{told}");
    }
}
