//! The register of handovers and the log of access in the ledger's file: reading, writing, carrying them over.

use rusqlite::{Transaction, TransactionBehavior};

use super::access::{self, Look, StoredLook};
use super::handover::{self, Handover};
use super::packing::{self, Packing};
use super::schema;
use super::sending::{self, Sending};
use super::store::{Ledger, LedgerError, sql};

impl Ledger {
    /// The register of what was handed over, oldest first; empty where an older program wrote the ledger.
    ///
    /// # Errors
    /// When the file cannot be read or a day is damaged.
    pub fn handed_over(&self) -> Result<Vec<Handover>, LedgerError> {
        let doing = sql("read the register of handovers");
        let version = schema::version(&self.connection).map_err(&doing)?;
        if version < 3 {
            return Ok(Vec::new());
        }
        handover::read(&self.connection, version >= 6).map_err(&doing)
    }

    /// Enters what left encrypted; all of it or nothing.
    ///
    /// # Errors
    /// When the register cannot be written.
    pub fn register_packings(&mut self, lines: &[Packing]) -> Result<(), LedgerError> {
        self.at_once("enter what was encrypted", |transaction| packing::write(transaction, lines))
    }

    /// What left encrypted, oldest first; empty where an older program wrote the ledger.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn packings(&self) -> Result<Vec<Packing>, LedgerError> {
        let doing = sql("read what was encrypted");
        if schema::version(&self.connection).map_err(&doing)? < 8 {
            return Ok(Vec::new());
        }
        packing::read(&self.connection).map_err(&doing)
    }

    /// Enters that a try to send a file began, or how it ended.
    ///
    /// # Errors
    /// When the register cannot be written.
    pub fn register_sending(&mut self, line: &Sending) -> Result<(), LedgerError> {
        self.at_once("enter what is sent", |transaction| sending::write(transaction, line))
    }

    /// What was sent to remotes, oldest first; empty where an older program wrote the ledger.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sendings(&self) -> Result<Vec<Sending>, LedgerError> {
        let doing = sql("read what was sent");
        if schema::version(&self.connection).map_err(&doing)? < 9 {
            return Ok(Vec::new());
        }
        sending::read(&self.connection).map_err(&doing)
    }

    /// Logs that somebody looks at values in full. Whoever shows them logs first.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn note(&mut self, look: &Look) -> Result<(), LedgerError> {
        self.at_once("log the access", |transaction| access::write(transaction, look))
    }

    /// The log of who looked at values in full, oldest first; empty where an older program wrote the ledger.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn looks(&self) -> Result<Vec<StoredLook>, LedgerError> {
        let doing = sql("read the log of access");
        let version = schema::version(&self.connection).map_err(&doing)?;
        if version < 5 {
            return Ok(Vec::new());
        }
        access::read(&self.connection, version >= 6).map_err(&doing)
    }

    /// Checks the chain of the log of access and its end. Gives the number of lines.
    ///
    /// # Errors
    /// [`LedgerError::DamagedLog`] names the first line that does not fit.
    pub fn verify_looks(&self) -> Result<u64, LedgerError> {
        let looks = self.looks()?;
        let doing = sql("read the end of the log of access");
        let old = schema::version(&self.connection).map_err(&doing)? < 5;
        let head = if old { String::new() } else { access::head(&self.connection).map_err(&doing)? };
        access::verify(&looks, &head).map_err(|seq| LedgerError::DamagedLog { seq })?;
        Ok(looks.len() as u64)
    }

    /// The looks since an older copy of this ledger.
    ///
    /// # Errors
    /// [`LedgerError::OtherLog`] when the copy's log is not the beginning of this one's.
    pub fn goes_on_from(&self, copy: &Self) -> Result<Vec<StoredLook>, LedgerError> {
        self.verify_looks()?;
        let known = copy.looks()?;
        let mut looks = self.looks()?;
        if looks.get(..known.len()) != Some(known.as_slice()) {
            return Err(LedgerError::OtherLog);
        }
        Ok(looks.split_off(known.len()))
    }

    /// Takes over what another ledger, of which this one is an older copy, registered and logged since: its
    /// handovers and looks. Gives how many of each were new.
    ///
    /// # Errors
    /// [`LedgerError::OtherLog`] when the other log does not go on where this one ends.
    pub fn take_over(&mut self, other: &Self) -> Result<(u64, u64), LedgerError> {
        let new = other.goes_on_from(self)?;
        let (handed_over, packings) = (other.handed_over()?, other.packings()?);
        // Those of an older copy come first.
        let (known, mut sendings) = (self.sendings()?.len(), other.sendings()?);
        let sendings = sendings.split_off(known.min(sendings.len()));
        let before = self.handed_over()?.len();
        self.at_once("take over register and log", |transaction| {
            handover::write(transaction, &handed_over)?;
            packing::write(transaction, &packings)?;
            sendings.iter().try_for_each(|line| sending::write(transaction, line))?;
            new.iter().try_for_each(|stored| access::write(transaction, &stored.look))
        })?;
        let lines = self.handed_over()?.len() - before;
        Ok((lines as u64, new.len() as u64))
    }

    /// Writes in one transaction: all of it or nothing.
    fn at_once(
        &mut self,
        what: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), LedgerError> {
        let doing = sql(what);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&doing)?;
        write(&transaction).map_err(&doing)?;
        transaction.commit().map_err(&doing)
    }
}
