//! Exit codes, and the failures that lead to them.

use std::fmt;

/// What the program ends with. Documented; scripts rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Our fault.
    Fault = 1,
    /// The command's words or input do not fit.
    Usage = 2,
    /// Not allowed, or not signed in.
    NotAllowed = 3,
    /// Not found.
    NotFound = 4,
    /// Conflict.
    Conflict = 5,
    /// Rate-limited.
    RateLimited = 6,
    /// Apple refused.
    AppleRefused = 7,
    /// Waiting on Apple took too long.
    AppleTimedOut = 8,
    /// The server is unreachable or sealed.
    Unreachable = 9,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub struct Failure {
    /// The code to end with.
    pub exit: Exit,
    /// What was found and what to do.
    pub message: String,
    /// The server's document, when it was the server that refused.
    pub problem: Option<Box<api::Problem>>,
}

impl Failure {
    /// A failure with a sentence of our own.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            problem: None,
        }
    }

    /// The code of the server's refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.problem.as_ref().map(|problem| problem.code.as_str())
    }

    /// A refusal of the server.
    #[must_use]
    pub fn of_server(problem: api::Problem) -> Self {
        let exit = match (problem.status, problem.code.as_str()) {
            (_, "apple_unreachable" | "apple_timed_out") => Exit::AppleTimedOut,
            (503, _) => Exit::Unreachable,
            // What Apple does not know is not found, whoever says so.
            _ if problem.apple.as_ref().is_some_and(|apple| apple.status == 404) => Exit::NotFound,
            (502, _) => Exit::AppleRefused,
            // Whoever says so, Russet or Apple through it.
            (404, _) => Exit::NotFound,
            (429, _) => Exit::RateLimited,
            _ if problem.apple.is_some() => Exit::AppleRefused,
            (401 | 403, _) => Exit::NotAllowed,
            (409, _) => Exit::Conflict,
            (400..=499, _) => Exit::Usage,
            _ => Exit::Fault,
        };
        Self {
            exit,
            message: problem.detail.clone(),
            problem: Some(Box::new(problem)),
        }
    }
}

impl Failure {
    /// For programs: the server's document or our own sentence, and the code that the program ends with.
    pub(crate) fn as_json(&self) -> String {
        let mut document = match &self.problem {
            Some(problem) => serde_json::json!(problem),
            None => serde_json::json!({ "detail": self.message }),
        };
        document["exit"] = serde_json::json!(self.exit as u8);
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<std::io::Error> for Failure {
    fn from(cause: std::io::Error) -> Self {
        Self::new(Exit::Fault, cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(status: u16, code: &str) -> Exit {
        let problem = serde_json::json!({"type": "about:blank", "title": "", "status": status, "detail": "", "code": code});
        Failure::of_server(serde_json::from_value(problem).unwrap()).exit
    }

    #[test]
    fn every_refusal_has_its_documented_code() {
        assert_eq!(exit(401, "sign_in_needed"), Exit::NotAllowed);
        assert_eq!(exit(404, "not_found"), Exit::NotFound);
        assert_eq!(exit(409, "key_id_taken"), Exit::Conflict);
        assert_eq!(exit(422, "key_file_not_a_key"), Exit::Usage);
        assert_eq!(exit(429, "too_many_attempts"), Exit::RateLimited);
        assert_eq!(exit(502, "apple_refused"), Exit::AppleRefused);
        assert_eq!(exit(503, "apple_unreachable"), Exit::AppleTimedOut);
        assert_eq!(exit(503, "sealed"), Exit::Unreachable);
        assert_eq!(exit(500, "internal"), Exit::Fault);
    }
}
