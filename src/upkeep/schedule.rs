//! When a pipeline runs: the units of a systemd timer, or a line for cron.
//!
//! Pure: texts come out, whoever calls writes them. The program's own lock keeps two runs apart and the
//! timer makes up for a night that the machine slept through; cron does not.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::UpkeepError;

/// What should run when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The program, absolute.
    pub program: PathBuf,
    /// The pipeline file, absolute.
    pub pipeline: PathBuf,
    /// Folders that a run writes to, absolute.
    pub writes: Vec<PathBuf>,
    /// Who runs it.
    pub user: String,
    /// Hour and minute of the day, local time.
    pub at: (u8, u8),
    /// The longest that a run may take, in minutes.
    pub limit_minutes: u32,
}

/// A file of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// File name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Kinds of schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A service and a timer of systemd.
    Systemd,
    /// A file for `/etc/cron.d`.
    Cron,
}

impl Schedule {
    /// Hour and minute from `HH:MM`.
    ///
    /// # Errors
    /// When it is no time of day.
    pub fn time(text: &str) -> Result<(u8, u8), UpkeepError> {
        let wrong = || UpkeepError::Time(text.to_owned());
        let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
        let number = |part: &str, end: u8| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u8>().ok().filter(|&n| digits && n < end).ok_or_else(wrong)
        };
        Ok((number(hour, 24)?, number(minute, 60)?))
    }

    /// Name of the files, after the pipeline's.
    pub fn name(pipeline: &Path) -> String {
        let stem = pipeline.file_stem().unwrap_or_default().to_string_lossy();
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        format!("doudi-{}", stem.chars().map(plain).collect::<String>())
    }

    /// Names of the files of an entry, in the order in which they are written.
    pub fn file_names(pipeline: &Path, entry: Entry) -> Vec<String> {
        let name = Self::name(pipeline);
        match entry {
            Entry::Systemd => vec![format!("{name}.service"), format!("{name}.timer")],
            Entry::Cron => vec![name],
        }
    }

    /// The files of an entry.
    pub fn units(&self, entry: Entry) -> Vec<Unit> {
        let texts = match entry {
            Entry::Systemd => vec![self.service(), self.timer()],
            Entry::Cron => vec![self.cron()],
        };
        let names = Self::file_names(&self.pipeline, entry);
        names.into_iter().zip(texts).map(|(name, text)| Unit { name, text }).collect()
    }

    fn service(&self) -> String {
        let mut text =
            String::from("# Written by `doudi schedule install`; `doudi schedule remove` takes it away.\n");
        let _ = write!(
            text,
            "[Unit]\nDescription=Nightly matching: {}\nAfter=network-online.target local-fs.target\n\
             Wants=network-online.target\n\n\
             [Service]\nType=oneshot\nUser={}\nExecStart={} run {} --log-format json\n\
             TimeoutStartSec={}min\n",
            Self::name(&self.pipeline),
            self.user,
            systemd_word(&self.program),
            systemd_word(&self.pipeline),
            self.limit_minutes,
        );
        // A run reads deliveries and writes two folders; everything else is out of its reach.
        text.push_str(
            "UMask=0077\nNice=5\nNoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=read-only\n\
             PrivateTmp=yes\nPrivateDevices=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\n\
             ProtectKernelLogs=yes\nProtectControlGroups=yes\nProtectClock=yes\nProtectHostname=yes\n\
             RestrictSUIDSGID=yes\nRestrictRealtime=yes\nRestrictNamespaces=yes\nLockPersonality=yes\n\
             MemoryDenyWriteExecute=yes\nCapabilityBoundingSet=\nSystemCallArchitectures=native\n\
             SystemCallFilter=@system-service\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n",
        );
        for folder in &self.writes {
            let _ = writeln!(text, "ReadWritePaths={}", systemd_word(folder));
        }
        text
    }

    fn timer(&self) -> String {
        let (hour, minute) = self.at;
        format!(
            "# Written by `doudi schedule install`; `doudi schedule remove` takes it away.\n\
             [Unit]\nDescription=Every night: {name}\n\n\
             [Timer]\nOnCalendar=*-*-* {hour:02}:{minute:02}:00\nPersistent=true\nAccuracySec=1min\n\n\
             [Install]\nWantedBy=timers.target\n",
            name = Self::name(&self.pipeline),
        )
    }

    fn cron(&self) -> String {
        let (hour, minute) = self.at;
        format!(
            "# Written by `doudi schedule install`; `doudi schedule remove` takes it away.\n\
             # A night that the machine slept through is not made up for; a systemd timer does that.\n\
             {minute} {hour} * * * {} timeout {}m {} run {} --log-format json\n",
            self.user,
            self.limit_minutes,
            cron_word(&self.program),
            cron_word(&self.pipeline),
        )
    }
}

/// A path as systemd reads it: quoted, with its specifiers and variables taken literally.
fn systemd_word(path: &Path) -> String {
    let text = path.to_string_lossy();
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    format!("\"{escaped}\"")
}

/// A path as cron's shell reads it; cron itself makes a line break of a bare `%`.
fn cron_word(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''")).replace('%', r"\%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule() -> Schedule {
        Schedule {
            program: "/usr/bin/doudi".into(),
            pipeline: "/etc/doudi/每夜 100%.toml".into(),
            writes: vec!["/srv/runs".into(), "/var/lib/doudi".into()],
            user: "doudi".into(),
            at: (2, 5),
            limit_minutes: 240,
        }
    }

    #[test]
    fn times_of_day() {
        assert_eq!(Schedule::time("02:05").unwrap(), (2, 5));
        assert_eq!(Schedule::time("23:59").unwrap(), (23, 59));
        for wrong in ["24:00", "2:05", "02:60", "0205", "02:5", "+2:05", ""] {
            assert!(Schedule::time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_reaches_the_program_as_it_is() {
        let units = schedule().units(Entry::Systemd);
        let service = &units[0].text;
        assert!(service.contains("ExecStart=\"/usr/bin/doudi\" run \"/etc/doudi/每夜 100%%.toml\" --log"));
        assert!(service.contains("ReadWritePaths=\"/srv/runs\"\nReadWritePaths=\"/var/lib/doudi\"\n"));
        assert!(units[1].text.contains("OnCalendar=*-*-* 02:05:00\nPersistent=true\n"));
        let cron = &schedule().units(Entry::Cron)[0];
        let line = r"5 2 * * * doudi timeout 240m '/usr/bin/doudi' run '/etc/doudi/每夜 100\%.toml' --log";
        assert!(cron.text.contains(line), "{}", cron.text);
    }

    #[test]
    fn names_are_such_that_cron_reads_the_file() {
        // cron passes over files in cron.d whose names hold a dot or anything but letters, digits, - and _.
        assert_eq!(Schedule::name(Path::new("/etc/doudi/nightly.v2.toml")), "doudi-nightly-v2");
    }
}
