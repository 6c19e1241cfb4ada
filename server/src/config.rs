//! What the operator says by flags and environment, read into what it means.
//! Wrong values are refused with one sentence.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::mail::{self, Smtp};

/// The invitation desk of a learning platform.
#[derive(Debug, Parser)]
#[command(
    name = "beckon",
    version,
    about,
    max_term_width = 100,
    after_help = "What is logged to standard error is set by BECKON_LOG, as in info,server=debug \
                  [default: info]."
)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve Beckon; bring the database up to date first.
    Serve(ServeOptions),
    /// Serve a demo with sample data on this machine only; mails are written to files.
    Demo(ServeOptions),
    /// Bring the database up to date, then end.
    Migrate(DatabaseOptions),
    /// Check a CSV file as the invite page does, without a server: the same parser and rules.
    ///
    /// Left out is what only a server knows: the catalog's courses and programs, who is a
    /// member or invited already, the limits, and the role that you may give.
    ///
    /// Ends with 0 where the file is clean, 1 where it has problems (warnings included), 2
    /// where it cannot be read: it cannot be opened, is no text, or is too large.
    Check(CheckOptions),
    /// Accounts from the command line.
    Admin {
        /// What to do.
        #[command(subcommand)]
        command: AdminCommand,
    },
    /// Tenants from the command line.
    Tenant {
        /// What to do.
        #[command(subcommand)]
        command: TenantCommand,
    },
}

/// What to check.
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// The file; - is standard input.
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Print one JSON object: header, rows and problems, each with line, column, code and
    /// message. Line and column count from 1; line is where the record starts, and column 0
    /// is the record as a whole.
    #[arg(long)]
    pub json: bool,
    /// The day that expiry dates are compared with, as YYYY-MM-DD [default: today, in UTC].
    #[arg(long, value_name = "DAY")]
    pub today: Option<String>,
}

/// Accounts from the command line.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make a super-admin, or give one a new password; the password is read from standard input.
    Create(AdminCreate),
}

/// Who becomes a super-admin.
#[derive(Debug, Args)]
pub struct AdminCreate {
    /// The e-mail address that signs in.
    #[arg(long)]
    pub email: String,
    /// The first name.
    #[arg(long, default_value = "")]
    pub first_name: String,
    /// The last name.
    #[arg(long, default_value = "")]
    pub last_name: String,
    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// Tenants from the command line.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Make a tenant and its first admin.
    ///
    /// The admin's password is read from standard input; an account that has the address
    /// already keeps its own and only becomes the tenant's admin.
    Create(TenantCreate),
}

/// The tenant, and who becomes its admin.
#[derive(Debug, Args)]
pub struct TenantCreate {
    /// The tenant's name in addresses: 2 to 40 small letters, digits and hyphens.
    #[arg(long)]
    pub slug: String,
    /// The tenant's name on the screen and in mails.
    #[arg(long)]
    pub name: String,
    /// The zone that its days begin and end in, by IANA name.
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub time_zone: String,
    /// The e-mail address of the first admin.
    #[arg(long, value_name = "EMAIL")]
    pub admin: String,
    /// The admin's first name, for a new account.
    #[arg(long, default_value = "")]
    pub first_name: String,
    /// The admin's last name, for a new account.
    #[arg(long, default_value = "")]
    pub last_name: String,
    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseOptions,
}

/// Where the data is.
#[derive(Debug, Args)]
pub struct DatabaseOptions {
    /// The folder that holds the database file, the demo's mails and keys.
    #[arg(
        long,
        env = "BECKON_DATA_DIR",
        default_value = ".beckon",
        value_name = "FOLDER"
    )]
    pub data_dir: PathBuf,
    /// The database: `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME`
    /// [default: the file beckon.sqlite3 in the data folder].
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
}

/// How to serve.
#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(
        long,
        env = "BECKON_LISTEN",
        default_value = "127.0.0.1:3000",
        value_name = "ADDRESS"
    )]
    pub listen: String,
    /// The address that people type; every link in a mail starts with it. To be named where a
    /// mail server is, or where every address is listened on
    /// [default: http:// and the address listened on].
    #[arg(long, env = "BECKON_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// The mail server: `smtp://USER:PASSWORD@HOST:PORT` or `smtps://…`; a password goes to
    /// another machine encrypted only, unless `?tls=none` stands behind it. Without one no mail
    /// is sent: invitations are made, and can be resent once there is one. A demo writes each
    /// mail to the data folder, and sends it as well if a mail server is named.
    #[arg(
        long,
        env = "BECKON_SMTP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub smtp_url: Option<String>,
    /// The sender of every mail; to be named where a mail server is.
    #[arg(
        long,
        env = "BECKON_MAIL_FROM",
        default_value = mail::DEFAULT_SENDER,
        value_name = "ADDRESS"
    )]
    pub mail_from: String,
    /// How many proxies stand before Beckon; the caller's address is then that many entries
    /// from the right of X-Forwarded-For.
    #[arg(
        long,
        env = "BECKON_TRUSTED_PROXIES",
        default_value = "0",
        value_name = "N"
    )]
    pub trusted_proxies: String,
    /// Seconds that mails are held after a submit; when given, set for every tenant at start
    /// [default: each tenant's own setting, 60; in a demo 3].
    #[arg(long, env = "BECKON_MAIL_HOLD_SECONDS", value_name = "SECONDS")]
    pub mail_hold_seconds: Option<String>,
    /// A folder with the built front end, in place of the one inside this program.
    #[arg(long, env = "BECKON_DIST", value_name = "FOLDER")]
    pub dist: Option<PathBuf>,
}

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A server; the URL may hold a password.
    Postgres(String),
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "Sqlite({})", path.display()),
            Self::Postgres(_) => f.write_str("Postgres(redacted)"),
        }
    }
}

/// A URL that may hold a password; it cannot print.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(pub String);

impl std::fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretUrl(redacted)")
    }
}

/// Everything that serving needs, read and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port.
    pub listen: SocketAddr,
    /// Without a slash at the end; `None`: from the address that is listened on.
    pub public_url: Option<String>,
    /// The data folder.
    pub data_dir: PathBuf,
    /// Which database.
    pub database: Database,
    /// The mail server.
    pub smtp: Option<SecretUrl>,
    /// The sender of every mail.
    pub mail_from: String,
    /// Proxies to trust.
    pub trusted_proxies: usize,
    /// Overrides every tenant's setting.
    pub mail_hold_seconds: Option<u32>,
    /// In place of the embedded front end.
    pub dist: Option<PathBuf>,
    /// The demo.
    pub demo: bool,
}

impl DatabaseOptions {
    /// Which database is meant: the one place that looks at the URL's scheme.
    ///
    /// # Errors
    /// The sentence for the operator.
    pub fn database(&self) -> Result<Database, String> {
        let Some(url) = self.database_url.as_deref().filter(|url| !url.is_empty()) else {
            return Ok(Database::Sqlite(self.data_dir.join("beckon.sqlite3")));
        };
        match url.split_once(':') {
            Some(("sqlite", rest)) => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                let path = path.split('?').next().unwrap_or(path);
                if path.is_empty() || path.starts_with(':') {
                    return Err(
                        "The database URL names no file; write sqlite:FILE, such as \
                         sqlite:/var/lib/beckon/beckon.sqlite3."
                            .to_owned(),
                    );
                }
                Ok(Database::Sqlite(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Database::Postgres(url.to_owned()))
            }
            // The URL itself may hold a password, so the sentence does not repeat it.
            _ => Err(
                "The database URL is neither sqlite:FILE nor postgres://USER:PASSWORD@HOST/NAME."
                    .to_owned(),
            ),
        }
    }
}

impl Config {
    /// Reads and checks the options of `serve` (or `demo`).
    ///
    /// # Errors
    /// The sentence for the operator.
    pub fn read(options: &ServeOptions, demo: bool) -> Result<Self, String> {
        let listen: SocketAddr = options.listen.parse().map_err(|_| {
            format!(
                "`{}` is no address to listen on; write ADDRESS:PORT, such as 127.0.0.1:3000.",
                options.listen
            )
        })?;
        if demo && !listen.ip().is_loopback() {
            return Err(format!(
                "A demo listens on this machine only, because its passwords are public; {listen} \
                 is not a loopback address."
            ));
        }
        let public_url = options
            .public_url
            .as_deref()
            .filter(|url| !url.is_empty())
            .map(public_url)
            .transpose()?;
        let smtp = options.smtp_url.clone().filter(|url| !url.is_empty());
        if let Some(url) = &smtp {
            Smtp::from_url(url)?;
        }
        if !mail::is_sender(&options.mail_from) {
            return Err(format!(
                "{:?} is no sender; write an address, such as Beckon <desk@example.org>.",
                options.mail_from
            ));
        }
        if !demo {
            reaches_people(
                listen,
                public_url.is_some(),
                smtp.is_some(),
                &options.mail_from,
            )?;
        }
        let trusted_proxies: usize = options
            .trusted_proxies
            .parse()
            .ok()
            .filter(|n| *n <= 10)
            .ok_or_else(|| {
                format!(
                    "`{}` is no number of trusted proxies; write one from 0 to 10.",
                    options.trusted_proxies
                )
            })?;
        let mail_hold_seconds = options
            .mail_hold_seconds
            .as_deref()
            .map(|text| {
                text.parse::<u32>().ok().filter(|n| *n <= 3_600).ok_or_else(|| {
                    format!(
                        "`{text}` is no number of seconds to hold mails; write one from 0 to 3600."
                    )
                })
            })
            .transpose()?;
        if let Some(dist) = &options.dist
            && !dist.is_dir()
        {
            return Err(format!(
                "The folder {} with the front end does not exist.",
                dist.display()
            ));
        }
        Ok(Self {
            listen,
            public_url,
            data_dir: options.database.data_dir.clone(),
            database: options.database.database()?,
            smtp: smtp.map(SecretUrl),
            mail_from: options.mail_from.clone(),
            trusted_proxies,
            mail_hold_seconds,
            dist: options.dist.clone(),
            demo,
        })
    }
}

/// Refuses what would send mails that are refused, or whose links lead nowhere.
fn reaches_people(
    listen: SocketAddr,
    has_public_url: bool,
    has_mail_server: bool,
    mail_from: &str,
) -> Result<(), String> {
    if has_mail_server && mail::same_address(mail_from, mail::DEFAULT_SENDER) {
        return Err(
            "A mail server is named, but no sender that it would take; set --mail-from, such as \
             Beckon <desk@example.org>."
                .to_owned(),
        );
    }
    if has_public_url {
        return Ok(());
    }
    let why = if has_mail_server {
        "A mail server is named".to_owned()
    } else if listen.ip().is_unspecified() {
        format!("{listen} is every address of this machine and leads nobody to it")
    } else {
        return Ok(());
    };
    Err(format!(
        "{why}, but links in mails need the address that people type; set --public-url, such as \
         https://invite.example.org."
    ))
}

/// An origin with nothing behind it: `https://invite.example.org`. Scheme and host are in
/// lower case, as browsers write them in `Origin`.
fn public_url(text: &str) -> Result<String, String> {
    let refused = || {
        format!(
            "{text:?} is no public URL; write the address that people type, without a path, \
             such as https://invite.example.org."
        )
    };
    let url = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let uri: http::Uri = url.parse().map_err(|_| refused())?;
    let host = uri.authority().map(http::uri::Authority::as_str);
    let fits = matches!(uri.scheme_str(), Some("http" | "https"))
        && host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
        && matches!(uri.path(), "" | "/")
        && uri.query().is_none()
        && !url.contains('#');
    if fits { Ok(url) } else { Err(refused()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> ServeOptions {
        let line = CommandLine::parse_from(["beckon", "serve"].iter().chain(args));
        match line.command {
            Command::Serve(options) => options,
            _ => unreachable!("parsed as serve"),
        }
    }

    fn sentence(args: &[&str], demo: bool) -> String {
        Config::read(&options(args), demo).unwrap_err()
    }

    #[test]
    fn the_defaults_serve_on_loopback_from_a_file() {
        let config = Config::read(&options(&["--data-dir", "/x"]), true).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:3000");
        assert_eq!(
            config.database,
            Database::Sqlite(PathBuf::from("/x/beckon.sqlite3"))
        );
        assert!(config.smtp.is_none() && config.public_url.is_none());
    }

    #[test]
    fn a_demo_is_for_this_machine_only() {
        assert!(sentence(&["--listen", "0.0.0.0:3000"], true).contains("this machine only"));
        assert!(Config::read(&options(&["--listen", "[::1]:0"]), true).is_ok());
    }

    #[test]
    fn wrong_values_are_refused_with_a_sentence() {
        for args in [
            ["--listen", "localhost"],
            ["--public-url", "invite.example.org"],
            ["--public-url", "https://invite.example.org/path"],
            ["--public-url", "ftp://invite.example.org"],
            ["--database-url", "mysql://u:secret@h/d"],
            ["--database-url", "sqlite::memory:"],
            ["--smtp-url", "http://mail"],
            ["--mail-from", "nobody"],
            ["--mail-from", "Beckon <desk@example.org"],
            ["--mail-from", "desk@"],
            ["--trusted-proxies", "-1"],
            ["--mail-hold-seconds", "soon"],
            ["--dist", "/does/not/exist"],
        ] {
            let said = sentence(&[&format!("{}={}", args[0], args[1])], false);
            assert!(said.ends_with('.') && !said.contains('\n'), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    const SMTP: &str = "--smtp-url=smtp://u:secret@h";
    const FROM: &str = "--mail-from=Desk <desk@a.b>";
    const URL: &str = "--public-url=https://a.b";

    #[test]
    fn mails_that_nobody_could_use_are_refused_with_a_sentence() {
        for (args, names) in [
            (&["--listen=0.0.0.0:3000"][..], "--public-url"),
            (&["--listen=[::]:3000"], "--public-url"),
            (&[SMTP, FROM], "--public-url"),
            (&[SMTP, URL], "--mail-from"),
            (&[SMTP, URL, "--mail-from=beckon@LOCALHOST"], "--mail-from"),
        ] {
            let said = sentence(args, false);
            assert!(said.ends_with('.') && !said.contains('\n'), "{said}");
            assert!(said.contains(names) && !said.contains("secret"), "{said}");
        }
        for (args, demo) in [
            (&["--listen=0.0.0.0:3000", URL][..], false),
            (&[SMTP, FROM, URL], false),
            (&["--listen=192.168.0.7:3000"], false),
            (&[SMTP], true),
        ] {
            assert!(Config::read(&options(args), demo).is_ok(), "{args:?}");
        }
    }

    #[test]
    fn a_public_url_in_capitals_is_still_https() {
        let options = options(&["--public-url", "HTTPS://Invite.Example.ORG:8443/"]);
        let config = Config::read(&options, false).unwrap();
        assert_eq!(
            config.public_url.as_deref(),
            Some("https://invite.example.org:8443")
        );
    }

    #[test]
    fn urls_read_as_meant_and_secrets_do_not_print() {
        let read = |url: &str| {
            let options = options(&["--database-url", url]);
            options.database.database().unwrap()
        };
        assert_eq!(read("sqlite:a.db"), Database::Sqlite("a.db".into()));
        assert_eq!(read("sqlite:///a.db?x=1"), Database::Sqlite("/a.db".into()));
        let postgres = read("postgres://u:secret@h/d");
        assert!(!format!("{postgres:?}").contains("secret"));
        let config = Config::read(
            &options(&[SMTP, FROM, "--public-url", "https://a.b/"]),
            false,
        )
        .unwrap();
        assert!(!format!("{config:?}").contains("secret"));
        assert_eq!(config.public_url.as_deref(), Some("https://a.b"));
    }
}
