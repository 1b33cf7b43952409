//! Which lines belong to the record before them: stack traces as the runtimes print them.

/// What a record's lines so far lead to expect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stack {
    /// Within a Python traceback: it ends with the exception, which is not indented.
    python: bool,
    /// Within a Go crash: functions are not indented.
    go: bool,
    /// After the head of a Rust panic: its message is the next line.
    rust_message: bool,
}

const MARKS: [&str; 9] = [
    "at ",
    "... ",
    "Caused by",
    "Suppressed: ",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "stack backtrace:",
    "note: run with `RUST_BACKTRACE",
    "note: Some details are omitted",
];

impl Stack {
    /// The first line of a record.
    pub fn begin(line: &str) -> Stack {
        let mut stack = Stack::default();
        stack.see(line);
        stack.rust_message =
            line.starts_with("thread '") && line.contains("panicked at") && line.ends_with(':');
        stack
    }

    fn see(&mut self, line: &str) {
        self.python |= line.contains("Traceback (most recent call last)");
        self.go |= line.starts_with("panic: ") || line.starts_with("fatal error: ") || is_goroutine(line);
    }

    /// True when the line belongs to the record.
    pub fn joins(&mut self, line: &str) -> bool {
        if std::mem::take(&mut self.rust_message) {
            return true;
        }
        if line.trim().is_empty() {
            // Blank lines inside stay; at the end of a record they are cut off.
            return true;
        }
        let indented = line.starts_with([' ', '\t']);
        let joins = indented
            || line.starts_with("Traceback (most recent call last)")
            || MARKS.iter().any(|mark| line.starts_with(mark))
            || is_goroutine(line)
            || is_java_exception(line)
            || (self.go && is_go_frame(line))
            || (self.python && is_python_exception(line));
        if joins && self.python && !indented && is_python_exception(line) {
            self.python = false;
        }
        if joins {
            self.see(line);
        }
        joins
    }
}

/// `goroutine 1 [running]:`
fn is_goroutine(line: &str) -> bool {
    line.starts_with("goroutine ") && line.ends_with(':')
}

/// `main.(*Server).run(0xc000010000)`, `created by main.main in goroutine 1`, `[signal SIGSEGV: …]`
fn is_go_frame(line: &str) -> bool {
    line.starts_with("created by ")
        || line.starts_with("[signal ")
        || (line.ends_with(')') && line.find(['(', ' ']).is_some_and(|at| line[at..].starts_with('(')))
}

/// `java.lang.IllegalStateException: no cart`
fn is_java_exception(line: &str) -> bool {
    let name = line.split([':', ' ']).next().unwrap_or_default();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '$');
    name.split_once('.').is_some()
        && name.chars().all(is_name)
        && name.rsplit('.').next().is_some_and(|class| class.starts_with(|c: char| c.is_uppercase()))
        && ["Exception", "Error", "Throwable"].iter().any(|end| name.ends_with(end))
}

/// `ValueError: bad`, `KeyboardInterrupt`, `app.errors.Declined: no funds`
fn is_python_exception(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default();
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'))
}
