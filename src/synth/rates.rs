//! How often each kind of error happens, at three levels of noise (see `data/README.md` for the sources).

/// How dirty the agencies' files are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Noise {
    /// Careful offices.
    Low,
    /// What is expected.
    Mid,
    /// Careless offices.
    High,
}

/// Rates at one level of noise; per record unless the name says batch or bearer.
pub(crate) struct Rates {
    pub(crate) same_tone: f64,
    pub(crate) other_tone: f64,
    pub(crate) dialect: f64,
    pub(crate) look_alike: f64,
    pub(crate) unrelated: f64,
    pub(crate) traditional: f64,
    pub(crate) surname_variant_of_bearers: f64,
    pub(crate) rare_lost: f64,
    pub(crate) rare_spelled: f64,
    pub(crate) rare_private: f64,
    pub(crate) spacing: f64,
    pub(crate) dropped: f64,
    pub(crate) swapped: f64,
    pub(crate) bracket: f64,
    pub(crate) newborn: f64,
    pub(crate) guardian_swapped: f64,
    pub(crate) id_missing: f64,
    pub(crate) temporary_roll: f64,
    pub(crate) id_digit: f64,
    pub(crate) id_transposed: f64,
    pub(crate) id_two: f64,
    pub(crate) id_made_up: f64,
    pub(crate) id_form: f64,
    pub(crate) id_fifteen: f64,
    pub(crate) id_of_other: f64,
    pub(crate) twins_swapped: f64,
    pub(crate) truncated_batch: f64,
    pub(crate) date_batch: f64,
    pub(crate) shifted_batch: f64,
    pub(crate) birth_typo: f64,
    pub(crate) birth_placeholder: f64,
    pub(crate) sex_wrong: f64,
    pub(crate) other_guardian: f64,
    pub(crate) old_place: f64,
    pub(crate) group_missing: f64,
    pub(crate) prefix_missing: f64,
    pub(crate) other_phone: f64,
    pub(crate) duplicate: f64,
}

impl Noise {
    /// The rates of this level.
    pub(crate) fn rates(self) -> Rates {
        let at = |low: f64, mid: f64, high: f64| match self {
            Self::Low => low,
            Self::Mid => mid,
            Self::High => high,
        };
        Rates {
            same_tone: at(0.002, 0.004, 0.008),
            other_tone: at(0.0005, 0.001, 0.002),
            dialect: at(0.0005, 0.001, 0.003),
            look_alike: at(0.001, 0.002, 0.004),
            unrelated: at(0.0001, 0.0003, 0.001),
            traditional: at(0.0005, 0.002, 0.005),
            surname_variant_of_bearers: at(0.01, 0.03, 0.10),
            rare_lost: at(0.05, 0.20, 0.40),
            rare_spelled: at(0.05, 0.10, 0.20),
            rare_private: at(0.01, 0.05, 0.20),
            spacing: at(0.005, 0.02, 0.05),
            dropped: at(0.0002, 0.0005, 0.001),
            swapped: at(0.0002, 0.0005, 0.001),
            bracket: at(0.0005, 0.002, 0.005),
            newborn: at(0.0005, 0.002, 0.005),
            guardian_swapped: at(0.0005, 0.001, 0.003),
            id_missing: at(0.005, 0.010, 0.020),
            temporary_roll: at(0.001, 0.003, 0.010),
            id_digit: at(0.0005, 0.002, 0.005),
            id_transposed: at(0.0003, 0.0008, 0.002),
            id_two: at(0.0001, 0.0003, 0.001),
            id_made_up: at(0.0002, 0.0005, 0.001),
            id_form: at(0.001, 0.01, 0.05),
            id_fifteen: at(0.001, 0.005, 0.02),
            id_of_other: at(0.0005, 0.001, 0.003),
            twins_swapped: at(0.005, 0.01, 0.03),
            truncated_batch: at(0.005, 0.01, 0.03),
            date_batch: at(0.01, 0.02, 0.05),
            shifted_batch: at(0.001, 0.005, 0.01),
            birth_typo: at(0.0005, 0.001, 0.003),
            birth_placeholder: at(0.0005, 0.002, 0.01),
            sex_wrong: at(0.0003, 0.001, 0.003),
            other_guardian: at(0.20, 0.35, 0.50),
            old_place: at(0.05, 0.10, 0.20),
            group_missing: at(0.10, 0.25, 0.40),
            prefix_missing: at(0.30, 0.60, 0.90),
            other_phone: at(0.20, 0.35, 0.50),
            duplicate: at(0.001, 0.0022, 0.005),
        }
    }
}
