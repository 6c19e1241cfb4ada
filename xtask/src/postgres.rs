//! A throw-away PostgreSQL: a fresh cluster on a free loopback port.
//!
//! It ends with this process however that ends: a shell beside it holds the
//! other end of a pipe, and stops the server and removes the data once the
//! pipe closes, after a kill as after a panic.

use crate::Outcome;
use crate::process;
use crate::project::Project;
use crate::system;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running cluster; dropping it stops the server and removes its data.
pub struct Cluster {
    keeper: Child,
    /// `postgres://…` of a superuser of the cluster.
    pub url: String,
    /// Whoever writes another word into this file has the server restarted, as after a
    /// crash; once it is up again the word stands in the file of this name with `ed` at
    /// its end. `pg_ctl` knows the words: `immediate`, `fast`.
    pub restart: PathBuf,
}

/// What a cluster is for.
#[derive(Clone, Copy)]
pub enum For {
    /// Many tests at once, which want it quick.
    Tests,
    /// One test that restarts it: what was acknowledged has to be there afterwards.
    Restarts,
}

// "$1" programs, "$2" data folder, "$3" port, "$4" synchronous_commit. Ctrl-C reaches the whole group of
// processes; the keeper has to outlive it to tidy up. Durability is switched off: what
// is lost with the machine is lost with the tests that wrote it.
const KEEPER: &str = r#"
trap '' INT TERM HUP
"$1/initdb" -D "$2" -U beckon --auth=trust --no-sync -E UTF8 --locale=C >"$2.log" 2>&1 ||
  { cat "$2.log" >&2; rm -rf "$2" "$2.log"; exit 1; }
"$1/postgres" -D "$2" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c max_connections=300 -c fsync=off -c synchronous_commit="$4" -c full_page_writes=off \
  -c shared_buffers=128MB -c timezone=UTC >>"$2.log" 2>&1 &
(
  trap - TERM
  done=
  # It ends with the data folder: a signal would not reach it.
  while sleep 0.1 && [ -d "$2" ]; do
    asked=$(cat "$2.restart" 2>/dev/null)
    [ "$asked" = "$done" ] && continue
    "$1/pg_ctl" -D "$2" -m "${asked%% *}" -w restart >>"$2.log" 2>&1
    done=$asked
    printf %s "$asked" >"$2.restarted"
  done
) &
cat >/dev/null
"$1/pg_ctl" -D "$2" -m immediate -w stop >/dev/null 2>&1
rm -rf "$2" "$2.log" "$2.restart" "$2.restarted"
wait
"#;

impl Cluster {
    /// Starts a cluster and waits until it answers.
    pub fn start(project: &Project, purpose: For) -> Outcome<Self> {
        let programs = system::postgres_programs(project)
            .ok_or("PostgreSQL's server programs were not found.")?;
        let port = free_port()?;
        let data = std::env::temp_dir().join(format!("beckon-pg-{}-{port}", std::process::id()));
        let mut command = as_plain_user(&programs)?;
        let keeper = command
            .args(["sh", "-c", KEEPER, "sh"])
            .arg(&programs)
            .arg(&data)
            .arg(port.to_string())
            .arg(match purpose {
                For::Tests => "off",
                For::Restarts => "on",
            })
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .spawn()
            .map_err(|error| format!("PostgreSQL could not be started: {error}."))?;
        let url = format!("postgres://beckon@127.0.0.1:{port}/postgres");
        let restart = data.with_extension("restart");
        let mut cluster = Self {
            keeper,
            url,
            restart,
        };
        cluster.wait_until_ready(project, &programs.join("pg_isready"), port)?;
        Ok(cluster)
    }

    fn wait_until_ready(
        &mut self,
        project: &Project,
        pg_isready: &std::path::Path,
        port: u16,
    ) -> Outcome {
        let began = Instant::now();
        let port = port.to_string();
        while began.elapsed() < Duration::from_mins(1) {
            if let Ok(Some(status)) = self.keeper.try_wait() {
                return Err(format!("PostgreSQL did not start ({status})."));
            }
            let mut ask = process::command(project, pg_isready);
            ask.args(["-q", "-h", "127.0.0.1", "-p", &port])
                .stderr(Stdio::null());
            if process::status(&mut ask)?.success() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("PostgreSQL did not answer within a minute.".to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper stops the server and removes the data before it ends.
        drop(self.keeper.wait());
        // Whoever asked for a restart may be somebody whose files the keeper cannot remove.
        drop(std::fs::remove_file(&self.restart));
    }
}

/// PostgreSQL refuses to run as root: then as `postgres`, or as `nobody`.
fn as_plain_user(programs: &std::path::Path) -> Outcome<Command> {
    if !process::is_root() {
        let mut env = Command::new("env");
        env.arg("--");
        return Ok(env);
    }
    let exists = |user: &str| {
        Command::new("id")
            .arg(user)
            .output()
            .is_ok_and(|out| out.status.success())
    };
    let user = ["postgres", "nobody"]
        .into_iter()
        .find(|user| exists(user))
        .ok_or_else(|| {
            format!(
                "{} needs a user other than root; make one named postgres.",
                programs.display()
            )
        })?;
    if !PathBuf::from("/usr/sbin/runuser").is_file() && !PathBuf::from("/sbin/runuser").is_file() {
        return Err("PostgreSQL refuses to run as root, and `runuser` is missing.".to_owned());
    }
    let mut runuser = Command::new("runuser");
    runuser.args(["-u", user, "--"]);
    Ok(runuser)
}

fn free_port() -> Outcome<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("No free port on loopback: {error}."))
}
