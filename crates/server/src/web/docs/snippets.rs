//! The client snippets of `/docs`: the files in `snippets/`, which scripts/snippets runs against a
//! server.

/// A client in one language.
#[derive(Clone, Copy, Debug)]
pub struct Snippet {
    /// A word for element ids on the page.
    pub id: &'static str,
    /// The display name of the language.
    pub language: &'static str,
    /// The file's name.
    pub file: &'static str,
    /// The command that runs it.
    pub command: &'static str,
    /// The content of the file.
    pub source: &'static str,
}

macro_rules! snippet {
    ($id:literal, $language:literal, $file:literal, $command:literal) => {
        Snippet {
            id: $id,
            language: $language,
            file: $file,
            command: $command,
            source: include_str!(concat!("../../../snippets/", $file)),
        }
    };
}

/// Every language.
pub const ALL: [Snippet; 7] = [
    snippet!("curl", "curl", "curl.sh", "bash curl.sh"),
    snippet!("python", "Python", "python.py", "python3 python.py"),
    snippet!("javascript", "JavaScript", "javascript.mjs", "node javascript.mjs"),
    snippet!("java", "Java", "java.java", "java java.java"),
    snippet!("csharp", "C#", "csharp.cs", "dotnet run csharp.cs"),
    snippet!("php", "PHP", "php.php", "php php.php"),
    snippet!("ruby", "Ruby", "ruby.rb", "ruby ruby.rb"),
];
