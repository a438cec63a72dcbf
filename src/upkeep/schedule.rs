//! When a pipeline runs: the units of a systemd timer, or a line for cron.
//!
//! Pure: texts come out, whoever calls writes them. The program's own lock keeps two runs apart and the
//! timer makes up for a night that the machine slept through; cron does not.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::UpkeepError;
use crate::domain::Day;
use crate::tables::{Calendar, RunDays, Says};

/// First line of every file.
const WRITTEN: &str = "# Written by `doudi schedule install`; `doudi schedule remove` takes it away.\n";

/// A run reads deliveries and writes two folders; everything else is out of its reach.
const HARDENING: &str = "UMask=0077\nNice=5\nNoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=read-only\n\
     PrivateTmp=yes\nPrivateDevices=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\n\
     ProtectKernelLogs=yes\nProtectControlGroups=yes\nProtectClock=yes\nProtectHostname=yes\n\
     ProtectProc=invisible\nRemoveIPC=yes\nRestrictSUIDSGID=yes\nRestrictRealtime=yes\n\
     RestrictNamespaces=yes\nLockPersonality=yes\nMemoryDenyWriteExecute=yes\nCapabilityBoundingSet=\n\
     SystemCallArchitectures=native\nSystemCallFilter=@system-service\n";

/// What should run when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The program, absolute.
    pub program: PathBuf,
    /// The pipeline file, absolute.
    pub pipeline: PathBuf,
    /// Folders of runs and state, absolute.
    pub writes: Vec<PathBuf>,
    /// Folder of the file of figures, absolute: of whoever collects them, so it may be missing.
    pub metrics: Option<PathBuf>,
    /// Whether the pipeline names a remote, or a hook that may want to reach somebody.
    pub network: bool,
    /// File of the variables from which the pipeline takes secrets, absolute.
    pub environment: Option<PathBuf>,
    /// Who runs it.
    pub user: String,
    /// Hour and minute of the day, local time.
    pub at: (u8, u8),
    /// On which days; the timer comes every night all the same, and the program asks the calendar, which may change.
    pub on: RunDays,
    /// The longest that a run may take, in minutes.
    pub limit_minutes: u32,
    /// The most memory that a run may hold, in MiB; then it is stopped, and not something else on the machine. cron
    /// has no such limit.
    pub memory_mib: Option<u32>,
    /// Unit of systemd that is started when a run fails: it hears also of what the program could not tell. cron
    /// sends a mail instead.
    pub on_failure: Option<String>,
    /// Whether it waits for the runs of other pipelines that are scheduled so.
    pub in_turn: bool,
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
        let mut text = String::from(WRITTEN);
        let name = Self::name(&self.pipeline);
        let _ = writeln!(text, "[Unit]\nDescription=Nightly matching: {name}\nAfter=local-fs.target");
        if self.network {
            text.push_str("After=network-online.target\nWants=network-online.target\n");
        }
        if let Some(unit) = &self.on_failure {
            let _ = writeln!(text, "OnFailure={unit}");
        }
        let _ = write!(
            text,
            "\n[Service]\nType=oneshot\nUser={}\nExecStart={}{} run {}{} --log-format json\nTimeoutStartSec={}min\n",
            self.user,
            self.turn(systemd_word),
            systemd_word(&self.program),
            systemd_word(&self.pipeline),
            self.scheduled(),
            self.limit_minutes,
        );
        if let Some(file) = &self.environment {
            // No word of it is quoted: systemd takes the rest of the line.
            let _ = writeln!(text, "EnvironmentFile={}", file.to_string_lossy().replace('%', "%%"));
        }
        if let Some(mib) = self.memory_mib {
            let _ = writeln!(text, "MemoryMax={mib}M");
        }
        text.push_str(HARDENING);
        text.push_str(if self.network {
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n"
        } else {
            "RestrictAddressFamilies=AF_UNIX\nPrivateNetwork=yes\n"
        });
        for folder in &self.writes {
            let _ = writeln!(text, "ReadWritePaths={}", systemd_path(folder));
        }
        if let Some(folder) = &self.metrics {
            // With the dash a folder that is not there keeps no night from running.
            let _ = writeln!(text, "ReadWritePaths={}", systemd_path(&dashed(folder)));
        }
        text
    }

    fn timer(&self) -> String {
        let (hour, minute) = self.at;
        format!(
            "{WRITTEN}[Unit]\nDescription=Every night: {name}\n\n\
             [Timer]\nOnCalendar=*-*-* {hour:02}:{minute:02}:00\nPersistent=true\nAccuracySec=1min\n\n\
             [Install]\nWantedBy=timers.target\n",
            name = Self::name(&self.pipeline),
        )
    }

    fn cron(&self) -> String {
        let (hour, minute) = self.at;
        let environment = self
            .environment
            .as_ref()
            .map_or_else(String::new, |file| format!("set -a; . {}; set +a; ", cron_word(file)));
        format!(
            "{WRITTEN}# A night that the machine slept through is not made up for; a systemd timer does that.\n\
             {minute} {hour} * * * {} umask 077; {environment}{}timeout {}m {} run {}{} --log-format json\n",
            self.user,
            self.turn(cron_word),
            self.limit_minutes,
            cron_word(&self.program),
            cron_word(&self.pipeline),
            self.scheduled(),
        )
    }

    /// The lock of util-linux on the program itself: it is there on every machine, all pipelines share it, and nobody has
    /// to be let write anywhere for it.
    fn turn(&self, word: fn(&Path) -> String) -> String {
        if self.in_turn { format!("/usr/bin/flock {} ", word(&self.program)) } else { String::new() }
    }

    fn scheduled(&self) -> String {
        match self.on {
            RunDays::All => String::new(),
            on => format!(" --scheduled {}", on.word()),
        }
    }
}

/// Why the timer's run has nothing to do on a day, in Chinese; `None` where it has. On a day that is not among those
/// wanted a night is made up for all the same when the last wanted day has none: the machine slept, or it was held.
pub fn rest(calendar: &Calendar, on: RunDays, today: Day, last_night: Option<Day>) -> Option<String> {
    let Says::No(why) = calendar.says(on, today) else { return None };
    let wanted = calendar.last_before(on, today);
    // A pipeline that never ran has missed nothing.
    if wanted.zip(last_night).is_some_and(|(wanted, night)| night < wanted) {
        return None;
    }
    let next =
        calendar.next_after(on, today).map_or_else(String::new, |day| format!("，下一夜 {}", day.iso()));
    Some(format!("{}（{why}）不在日历要求的日子里，本夜不运行{next}", today.iso()))
}

fn dashed(path: &Path) -> PathBuf {
    let mut text = std::ffi::OsString::from("-");
    text.push(path);
    text.into()
}

/// A word of a command as systemd reads it: a path, and variables taken literally.
fn systemd_word(path: &Path) -> String {
    systemd_path(path).replace('$', "$$")
}

/// A path as systemd reads it: quoted, with its specifiers taken literally.
fn systemd_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
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
            writes: vec!["/srv/runs $1".into(), "/var/lib/doudi".into()],
            metrics: None,
            network: false,
            environment: None,
            user: "doudi".into(),
            at: (2, 5),
            on: RunDays::All,
            limit_minutes: 240,
            memory_mib: None,
            on_failure: None,
            in_turn: false,
        }
    }

    #[test]
    fn pipelines_in_turn_wait_for_the_same_lock() {
        assert!(!schedule().service().contains("flock") && !schedule().cron().contains("flock"));
        let in_turn = Schedule { in_turn: true, ..schedule() };
        let start = r#"ExecStart=/usr/bin/flock "/usr/bin/doudi" "/usr/bin/doudi" run "/etc"#;
        assert!(in_turn.service().contains(start), "{}", in_turn.service());
        // What it waits is not of the time that the run may take.
        let line = "umask 077; /usr/bin/flock '/usr/bin/doudi' timeout 240m '/usr/bin/doudi' run ";
        assert!(in_turn.cron().contains(line), "{}", in_turn.cron());
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
        assert!(service.contains("ReadWritePaths=\"/srv/runs $1\"\nReadWritePaths=\"/var/lib/doudi\"\n"));
        assert!(units[1].text.contains("OnCalendar=*-*-* 02:05:00\nPersistent=true\n"));
        let cron = &schedule().units(Entry::Cron)[0];
        let line = r"5 2 * * * doudi umask 077; timeout 240m '/usr/bin/doudi' run '/etc/doudi/每夜 100\%.toml' --log";
        assert!(cron.text.contains(line), "{}", cron.text);
    }

    #[test]
    fn who_names_nobody_to_reach_reaches_nobody() {
        let alone = schedule().service();
        assert!(alone.contains("RestrictAddressFamilies=AF_UNIX\nPrivateNetwork=yes\n"), "{alone}");
        assert!(
            !alone.contains("network-online") && !alone.contains("OnFailure") && !alone.contains("MemoryMax")
        );
        let among = Schedule { network: true, ..schedule() }.service();
        assert!(
            among.contains("Wants=network-online.target\n") && !among.contains("PrivateNetwork"),
            "{among}"
        );
    }

    #[test]
    fn figures_variables_and_limits_stand_in_the_files() {
        let schedule = Schedule {
            metrics: Some("/var/lib/prometheus".into()),
            environment: Some("/etc/doudi/it's 5%.env".into()),
            memory_mib: Some(6144),
            on_failure: Some("doudi-failed@%n.service".into()),
            ..schedule()
        };
        let service = schedule.service();
        for line in [
            "OnFailure=doudi-failed@%n.service",
            "EnvironmentFile=/etc/doudi/it's 5%%.env",
            "MemoryMax=6144M",
            "ReadWritePaths=\"-/var/lib/prometheus\"",
        ] {
            assert!(service.lines().any(|found| found == line), "{line}\n{service}");
        }
        let line = r"umask 077; set -a; . '/etc/doudi/it'\''s 5\%.env'; set +a; timeout 240m ";
        assert!(schedule.cron().contains(line), "{}", schedule.cron());
    }

    #[test]
    fn on_days_that_are_not_wanted_the_night_rests_unless_one_was_missed() {
        let calendar = crate::tables::Tables::load(None).unwrap().calendar;
        let day = |text: &str| Day::parse_iso(text).unwrap();
        let (friday, saturday, monday) = (day("2026-11-20"), day("2026-11-21"), day("2026-11-23"));
        let rests = |today, last| rest(&calendar, RunDays::Workdays, today, last);
        let why = rests(saturday, Some(friday)).unwrap();
        assert!(why.contains("周六") && why.contains("2026-11-23"), "{why}");
        assert_eq!(rests(saturday, Some(friday.plus_days(-1))), None, "Friday was missed");
        assert!(rests(saturday, Some(saturday)).is_some(), "made up for already");
        assert!(rests(saturday, None).is_some(), "nothing is missed where nothing ran");
        assert_eq!(rests(monday, Some(monday)), None);
        assert_eq!(rest(&calendar, RunDays::All, saturday, Some(friday)), None);
        assert_eq!(rest(&calendar, RunDays::Term, saturday, Some(friday)), None, "no terms are known");
        let asks = Schedule { on: RunDays::Workdays, ..schedule() };
        assert!(
            asks.service().contains("%%.toml\" --scheduled workdays --log-format json\n"),
            "{}",
            asks.service()
        );
        assert!(asks.cron().contains(".toml' --scheduled workdays --log-format json\n"), "{}", asks.cron());
    }

    #[test]
    fn names_are_such_that_cron_reads_the_file() {
        // cron passes over files in cron.d whose names hold a dot or anything but letters, digits, - and _.
        assert_eq!(Schedule::name(Path::new("/etc/doudi/nightly.v2.toml")), "doudi-nightly-v2");
    }
}
