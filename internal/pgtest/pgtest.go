// Package pgtest starts a real PostgreSQL server for a test: a cluster of its
// own in a temporary directory, reached by a Unix socket there, and ended with
// the test. The server refuses to run as root, so that a test that does runs it
// as the user nobody.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// nobody is the id of the user nobody, on every system that has PostgreSQL.
const nobody = 65534

// Server is a running server.
type Server struct {
	dir       string
	bin       string
	running   bool
	databases atomic.Int64
}

// Start starts a server that ends with the test. Without PostgreSQL on this
// machine the test is skipped, unless GATEHOUSE_TEST_REQUIRE names postgres.
func Start(t testing.TB) *Server {
	t.Helper()
	bin := find()
	if bin == "" {
		if strings.Contains(os.Getenv("GATEHOUSE_TEST_REQUIRE"), "postgres") {
			t.Fatal("PostgreSQL is required and its programs were not found: install the package postgresql")
		}
		t.Skip("no PostgreSQL on this machine")
	}
	dir, err := os.MkdirTemp("", "gatehouse-pg-") //nolint:usetesting // a short path: a socket's has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	s := &Server{dir: dir, bin: bin}
	if out, err := s.command("initdb", "--auth=trust", "--username=gatehouse", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D", s.data()).CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.Run(t)
	t.Cleanup(func() { s.Stop(t) })
	return s
}

// find returns the directory of the server's programs: that of the command
// path, or the newest of Debian's.
func find() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target // the other programs are where it is, and not where its link is
		}
		return filepath.Dir(path)
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command makes a command of the server's programs, as a user that they accept.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:gosec,noctx // the server's own program; it is ended by hand
	cmd.Dir = s.dir
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// Run starts the server, also again after Stop, and waits until it answers.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	options := "-k " + s.dir + " -c listen_addresses= -c max_connections=200"
	cmd := s.command("pg_ctl", "-D", s.data(), "-l", filepath.Join(s.dir, "log"), "-w", "-t", "60", "-o", options, "start")
	if err := cmd.Run(); err != nil { // without pipes: the server would inherit them and keep them open
		words, _ := os.ReadFile(filepath.Join(s.dir, "log"))
		t.Fatalf("the server does not start: %v\n%s", err, words)
	}
	s.running = true
}

// Stop stops the server as an operator does in haste: connections are cut.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if !s.running {
		return
	}
	if err := s.command("pg_ctl", "-D", s.data(), "-w", "-m", "fast", "stop").Run(); err != nil {
		t.Errorf("stop the server: %v", err)
	}
	s.running = false
}

// Database makes an empty database and returns its address.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return s.Copy(t, s.address("template1"))
}

// Copy makes a copy of a database that nobody is connected to.
func (s *Server) Copy(t testing.TB, of string) string {
	t.Helper()
	config, err := pgx.ParseConfig(of)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test%d", s.databases.Add(1))
	s.Exec(t, s.address("postgres"), "CREATE DATABASE "+name+" TEMPLATE "+config.Database)
	return s.address(name)
}

// Exec has one statement carried out in a database.
func (s *Server) Exec(t testing.TB, address, statement string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (s *Server) address(database string) string {
	return fmt.Sprintf("postgres://gatehouse@/%s?host=%s", database, s.dir)
}

// Tool runs one of the server's own programs, such as pg_dump, on this server.
func (s *Server) Tool(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := s.command(name, append([]string{"--host", s.dir, "--username", "gatehouse"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// File is where a table lies on the disk.
func (s *Server) File(t testing.TB, address, table string) string {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var path string
	if err := conn.QueryRow(context.Background(), "SELECT pg_relation_filepath($1::regclass)", table).Scan(&path); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(s.data(), path)
}

// User is the id of the user that the server runs as.
func (*Server) User() int {
	if os.Geteuid() == 0 {
		return nobody
	}
	return os.Geteuid()
}

// Dir is a directory that the server's programs may write to.
func (s *Server) Dir() string { return s.dir }
