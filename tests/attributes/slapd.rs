//! A real directory: OpenLDAP's server over a tree of its own.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use crate::guarded::Guarded;
use crate::server::process::free_address;
use crate::tools;

/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where distributions put OpenLDAP's schemas and modules.
const SCHEMAS: &[&str] = &["/etc/ldap/schema", "/etc/openldap/schema"];
const MODULES: &[&str] = &["/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap"];

/// The password of the directory's administrator.
const ADMIN: &str = "tree-administrator";

/// The password of the account that Meshward has.
pub(crate) const PASSWORD: &str = "meshward-in-the-tree";

/// The account that Meshward has.
pub(crate) const BIND: &str = "cn=meshward,ou=services,dc=example,dc=org";

/// A directory, stopped and removed when dropped.
pub(crate) struct Slapd {
    directory: TempDir,
    plain: SocketAddr,
    tls: SocketAddr,
    process: Option<Guarded>,
    /// Whether the directory's files go with its process: what is shared by tests is never dropped.
    shared: bool,
}

/// The authority of a certificate for this machine, and the certificate and its key, all PEM.
pub(crate) fn certificate(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    (own.pem(), key.serialize_pem())
}

/// The parts of the tree that every test has.
fn trunk() -> String {
    let mut tree = String::from(
        "dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: example\n\n",
    );
    for unit in ["people", "leavers", "groups", "services"] {
        write!(tree, "dn: ou={unit},dc=example,dc=org\nobjectClass: organizationalUnit\nou: {unit}\n\n").unwrap();
    }
    write!(
        tree,
        "dn: {BIND}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: meshward\nuserPassword: {PASSWORD}\n\n"
    )
    .unwrap();
    tree
}

/// A person as LDIF. `more` are more lines of the entry.
pub(crate) fn person(uid: &str, more: &str) -> String {
    let dn = person_dn(uid);
    format!(
        "dn: {dn}\nobjectClass: inetOrgPerson\nobjectClass: extensibleObject\nuid: {uid}\ncn: {uid}\nsn: {uid}\n{more}\n"
    )
}

pub(crate) fn person_dn(uid: &str) -> String {
    format!("uid={uid},ou=people,dc=example,dc=org")
}

/// A group as LDIF.
pub(crate) fn group<S: AsRef<str>>(cn: &str, members: &[S]) -> String {
    let members: String = members.iter().map(|member| format!("member: {}\n", member.as_ref())).collect();
    let name = cn.replace('\\', "");
    format!("dn: {}\nobjectClass: groupOfNames\ncn: {name}\n{members}\n", group_dn(cn))
}

pub(crate) fn group_dn(cn: &str) -> String {
    format!("cn={cn},ou=groups,dc=example,dc=org")
}

/// Whether there is a directory to test with; if not, the test is skipped.
pub(crate) fn there() -> bool {
    tools::there("the tests on a real directory", &["slapd", "ldapmodify"])
}

impl Slapd {
    /// Starts a directory with a tree.
    pub(crate) fn start(tree: &str) -> Self {
        Self::open(tree, false)
    }

    /// Starts a directory that lives as long as the tests do.
    pub(crate) fn start_shared(tree: &str) -> Self {
        Self::open(tree, true)
    }

    fn open(tree: &str, shared: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::create_dir(at("data")).unwrap();
        let (certificate, key) = certificate("127.0.0.1");
        fs::write(at("certificate.pem"), certificate).unwrap();
        fs::write(at("key.pem"), key).unwrap();
        fs::write(at("tree.ldif"), trunk() + tree).unwrap();
        fs::write(at("slapd.conf"), configuration(directory.path())).unwrap();
        let load =
            ["-T", "add", "-q", "-f", at("slapd.conf").to_str().unwrap(), "-l", at("tree.ldif").to_str().unwrap()]
                .map(str::to_owned);
        let loaded = Command::new(tools::path("slapd")).args(load).output().unwrap();
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        let mut slapd = Self { directory, plain: free_address(), tls: free_address(), process: None, shared };
        slapd.start_again();
        slapd
    }

    /// Starts the stopped directory where it was.
    pub(crate) fn start_again(&mut self) {
        let program = tools::path("slapd");
        let (configuration, addresses) =
            (self.at("slapd.conf"), format!("ldap://{}/ ldaps://{}/", self.plain, self.tls));
        // With a level of messages it stays in the foreground.
        let program = [program.to_str().unwrap(), "-f", &configuration, "-h", &addresses, "-d", "0"];
        self.process = Some(Guarded::start(
            &program,
            &[],
            &self.directory.path().join("log"),
            self.shared.then(|| self.directory.path()),
        ));
        let started = Instant::now();
        while std::net::TcpStream::connect(self.tls).is_err() {
            let said = || fs::read_to_string(self.at("log")).unwrap();
            assert!(started.elapsed() < PATIENCE, "the directory did not start: {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `ldap://`
    pub(crate) fn url(&self) -> String {
        format!("ldap://{}", self.plain)
    }

    /// `ldaps://`
    pub(crate) fn tls_url(&self) -> String {
        format!("ldaps://{}", self.tls)
    }

    /// The authority of its certificate.
    pub(crate) fn authority(&self) -> String {
        fs::read_to_string(self.at("certificate.pem")).unwrap()
    }

    /// Puts the secrets that documents name into a folder.
    pub(crate) fn share_secrets(&self, folder: &Path) {
        fs::write(folder.join("ldap-password"), PASSWORD).unwrap();
        fs::write(folder.join("ldap-authority"), self.authority()).unwrap();
    }

    /// Changes entries: LDIF with `changetype`.
    pub(crate) fn modify(&self, ldif: &str) {
        let admin = "cn=admin,dc=example,dc=org";
        let mut child = Command::new("ldapmodify")
            .args(["-x", "-H", &self.url(), "-D", admin, "-w", ADMIN])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(ldif.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Gives an attribute of a person other values.
    pub(crate) fn set(&self, uid: &str, attribute: &str, values: &[&str]) {
        let values: String = values.iter().map(|value| format!("{attribute}: {value}\n")).collect();
        self.modify(&format!("dn: {}\nchangetype: modify\nreplace: {attribute}\n{values}\n", person_dn(uid)));
    }

    /// Who may read what from now on, in the words of slapd.conf; the directory is started again.
    pub(crate) fn set_access(&mut self, access: &str) {
        self.stop();
        fs::write(self.at("slapd.conf"), configuration(self.directory.path()) + access).unwrap();
        self.start_again();
    }

    /// Kills it: connections end, and new ones are refused.
    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// SIGSTOP: connections are taken, and nothing answers.
    pub(crate) fn pause(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// The connections that it has, without the listening sockets.
    pub(crate) fn connections(&self) -> usize {
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        let port = format!(":{:04X}", self.plain.port());
        let established = |line: &&str| {
            let mut fields = line.split_whitespace().skip(1);
            fields.next().is_some_and(|local| local.ends_with(&port)) && fields.nth(1) == Some("01")
        };
        table.lines().filter(established).count()
    }

    fn signal(&self, signal: &str) {
        let id = fs::read_to_string(self.at("pid")).unwrap();
        assert!(Command::new("kill").args([signal, id.trim()]).status().unwrap().success());
    }

    fn at(&self, name: &str) -> String {
        self.directory.path().join(name).to_str().unwrap().to_owned()
    }
}

fn configuration(directory: &Path) -> String {
    let first = |places: &[&'static str]| places.iter().copied().find(|place| Path::new(place).is_dir()).unwrap();
    let (schemas, modules, at) = (first(SCHEMAS), first(MODULES), directory.display());
    format!(
        "include {schemas}/core.schema\ninclude {schemas}/cosine.schema\ninclude {schemas}/nis.schema\n\
         include {schemas}/inetorgperson.schema\nmodulepath {modules}\nmoduleload back_mdb\nmoduleload memberof\n\
         pidfile {at}/pid\nTLSCertificateFile {at}/certificate.pem\nTLSCertificateKeyFile {at}/key.pem\n\
         database mdb\nsuffix dc=example,dc=org\nrootdn cn=admin,dc=example,dc=org\nrootpw {ADMIN}\ndirectory {at}/data\n\
         maxsize 268435456\nindex objectClass eq\nindex uid,cn,member,memberUid eq\noverlay memberof\n\
         limits dn.exact=\"{BIND}\" size.soft=500 size.hard=500 size.prtotal=unlimited\n"
    )
}
