//! Small parts that several pages show: a state, a notice, a field's error, a link with an icon.

use app::{AppleAnswer, FieldProblem, Problem};
use domain::{KeyHealth, Outcome};

/// What a state means; it picks the color, and never the color alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Works, done.
    Ok,
    /// Needs somebody soon, unknown.
    Warn,
    /// Refused, revoked, ended.
    Bad,
    /// Neutral news.
    Info,
    /// Nothing to say: never tried, not here.
    Off,
}

impl Tone {
    /// Whether somebody should look at what is in this state.
    #[must_use]
    pub(crate) fn needs_somebody(self) -> bool {
        matches!(self, Self::Warn | Self::Bad)
    }

    /// Its class in the stylesheet.
    #[must_use]
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
            Self::Off => "off",
        }
    }
}

/// A state: shape and word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Its meaning.
    pub(crate) tone: Tone,
    /// The symbol.
    pub(crate) icon: &'static str,
    /// The word.
    pub(crate) word: String,
}

impl Mark {
    /// Any state.
    #[must_use]
    pub(crate) fn new(tone: Tone, icon: &'static str, word: impl Into<String>) -> Self {
        Self {
            tone,
            icon,
            word: word.into(),
        }
    }

    /// The state of a key.
    #[must_use]
    pub(crate) fn health(health: &KeyHealth) -> Self {
        let (tone, icon) = match health {
            KeyHealth::Working => (Tone::Ok, "ok"),
            KeyHealth::Unverified => (Tone::Off, "never"),
            KeyHealth::ClockOff { .. } | KeyHealth::AgreementMissing | KeyHealth::MembershipLapsed => (Tone::Warn, "warn"),
            KeyHealth::WrongKind { .. } | KeyHealth::NoLongerAccepted { .. } | KeyHealth::Mismatch => (Tone::Bad, "bad"),
        };
        Self::new(tone, icon, health.title())
    }
}

impl Mark {
    /// How a recorded act ended.
    #[must_use]
    pub(crate) fn outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Intent => Self::new(Tone::Info, "half", "Begun"),
            Outcome::Done => Self::new(Tone::Ok, "ok", "Done"),
            Outcome::Denied => Self::new(Tone::Bad, "bad", "Not allowed"),
            Outcome::Refused => Self::new(Tone::Bad, "bad", "Refused"),
            Outcome::Failed => Self::new(Tone::Bad, "bad", "Failed"),
            Outcome::Unknown => Self::new(Tone::Warn, "warn", "Answer lost"),
        }
    }
}

/// A notice: a bold first sentence, then the next step.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// Its color and shape.
    pub(crate) tone: Tone,
    /// The first sentence.
    pub(crate) head: String,
    /// The rest.
    pub(crate) body: String,
    /// Apple's own words, for the fold.
    pub(crate) apple: Option<AppleAnswer>,
    /// At most one way on: its words and its address.
    pub(crate) way: Option<(String, String)>,
}

impl Notice {
    /// A notice of this tone.
    #[must_use]
    pub(crate) fn new(tone: Tone, head: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            tone,
            head: head.into(),
            body: body.into(),
            apple: None,
            way: None,
        }
    }

    /// With a way on.
    #[must_use]
    pub(crate) fn way(mut self, words: impl Into<String>, address: impl Into<String>) -> Self {
        self.way = Some((words.into(), address.into()));
        self
    }

    /// What a use case did not do: its first sentence bold, the rest below.
    #[must_use]
    pub(crate) fn problem(problem: &Problem) -> Self {
        let (head, body) = match problem.message.split_once(". ") {
            Some((head, body)) => (format!("{head}."), body.to_owned()),
            None => (problem.message.clone(), String::new()),
        };
        let tone = match problem.kind {
            app::Kind::AppleUnreachable | app::Kind::RateLimited => Tone::Warn,
            _ => Tone::Bad,
        };
        Self {
            tone,
            head,
            body,
            apple: problem.apple.clone(),
            way: None,
        }
    }

    /// The symbol of its tone.
    #[must_use]
    pub(crate) fn icon(&self) -> &'static str {
        match self.tone {
            Tone::Ok => "ok",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Info | Tone::Off => "info",
        }
    }
}

/// Fields as they stand in the forms, from top to bottom.
const ORDER: &[&str] = &[
    "file",
    "kind",
    "key_id",
    "issuer_id",
    "name",
    "email",
    "password",
    "organization",
    "roles",
];

/// What was wrong with a form, by field; the first wrong field takes the focus.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wrong {
    fields: Vec<FieldProblem>,
    /// What is about the form as a whole.
    pub(crate) notice: Option<Notice>,
}

impl Wrong {
    /// From what the use case answered: told at the fields where it names some, above the form otherwise, and
    /// above it too when several fields are wrong.
    #[must_use]
    pub(crate) fn from(problem: &Problem) -> Self {
        let mut fields = problem.fields.clone();
        // In the order of the forms, so that the first wrong field is the topmost one.
        fields.sort_by_key(|wrong| ORDER.iter().position(|field| *field == wrong.field).unwrap_or(ORDER.len()));
        let alike = fields.len() > 1 && fields.iter().all(|field| field.message == fields[0].message);
        let notice = match fields.len() {
            0 => Some(Notice::problem(problem)),
            1 => None,
            // One cause that several fields share is told once, above; the fields say only that they are meant.
            _ if alike => {
                for field in &mut fields {
                    "Compare it with App Store Connect.".clone_into(&mut field.message);
                }
                Some(Notice::problem(problem))
            }
            several => Some(Notice::new(
                Tone::Bad,
                format!("{several} fields need another look"),
                "Each says below what was found and what to do.",
            )),
        };
        Self { fields, notice }
    }

    /// What is wrong with a form that a key is picked in: the keys that could do it are named.
    #[must_use]
    pub(crate) fn with_choice(problem: &Problem) -> Self {
        let mut wrong = Self::from(problem);
        if !problem.usable_keys.is_empty() {
            let names: Vec<&str> = problem.usable_keys.iter().map(|(_, name)| name.as_str()).collect();
            wrong.notice = Some(Notice::new(
                Tone::Bad,
                problem.message.clone(),
                format!("Keys that can do it: {}.", names.join(", ")),
            ));
        }
        wrong
    }

    /// Something to say above the form, and nothing wrong in it.
    #[must_use]
    pub(crate) fn told(notice: Notice) -> Self {
        Self {
            fields: Vec::new(),
            notice: Some(notice),
        }
    }

    /// Whether nothing is wrong (yet).
    #[must_use]
    pub(crate) fn is_clean(&self) -> bool {
        self.fields.is_empty() && self.notice.is_none()
    }

    /// The sentence at this field.
    #[must_use]
    pub(crate) fn at(&self, field: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|wrong| wrong.field == field)
            .map(|wrong| wrong.message.as_str())
    }

    /// Whether this field is the first wrong one.
    #[must_use]
    pub(crate) fn is_first(&self, field: &str) -> bool {
        self.fields.first().is_some_and(|wrong| wrong.field == field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_field_is_told_at_the_field_and_several_above_the_form_too() {
        let mut problem = Problem::field("issuer_id_malformed", "issuer_id", "This is 23 characters; an Issuer ID has 36.");
        let wrong = Wrong::from(&problem);
        assert!(wrong.notice.is_none());
        assert_eq!(wrong.at("issuer_id"), Some("This is 23 characters; an Issuer ID has 36."));
        assert!(wrong.is_first("issuer_id"));
        problem.fields.push(FieldProblem {
            field: "name",
            message: "The name is empty.".into(),
        });
        let wrong = Wrong::from(&problem);
        assert_eq!(wrong.notice.unwrap().head, "2 fields need another look");
        assert_eq!(wrong.fields.len(), 2);
    }

    #[test]
    fn a_problem_without_fields_stands_above_the_form_with_its_first_sentence_bold() {
        let problem = Problem::new(
            app::Kind::AppleRefused,
            "apple_refused",
            "Apple did not accept the key. Start with the file.",
        );
        let notice = Wrong::from(&problem).notice.unwrap();
        assert_eq!(
            (notice.head.as_str(), notice.body.as_str()),
            ("Apple did not accept the key.", "Start with the file.")
        );
    }
}
