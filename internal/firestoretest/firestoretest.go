// Package firestoretest starts Google's own Firestore emulator for a test. Each
// project of it is a database of its own and begins empty.
package firestoretest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// jarBelow is where the emulator lies below the root of the Google Cloud SDK.
const jarBelow = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"

// ready is what the emulator says once it answers.
const ready = "is now running"

// Start starts an emulator that ends with the test and returns its address, for
// FIRESTORE_EMULATOR_HOST. Without it the test is skipped, unless
// GATEHOUSE_TEST_REQUIRE names firestore.
func Start(t testing.TB) string {
	t.Helper()
	return StartFrom(t, "")
}

// StartFrom is Start with what was exported before; of nothing if export is empty.
func StartFrom(t testing.TB, export string) string {
	t.Helper()
	jar := find()
	java, err := exec.LookPath("java")
	if jar == "" || err != nil {
		if slices.Contains(strings.Split(os.Getenv("GATEHOUSE_TEST_REQUIRE"), ","), "firestore") {
			t.Fatal("the Firestore emulator is required and was not found: set GATEHOUSE_FIRESTORE_EMULATOR to its jar; it needs Java")
		}
		t.Skip("no Firestore emulator on this machine")
	}
	addr := freeAddr(t)
	host, port, _ := strings.Cut(addr, ":")
	args := []string{
		"-Duser.language=en", "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp", jar,
		"com.google.cloud.datastore.emulator.firestore.CloudFirestore", "--host=" + host, "--port=" + port,
	}
	if export != "" {
		args = append(args, "--seed_from_export="+export)
	}
	cmd := exec.CommandContext(t.Context(), java, args...) //nolint:gosec // Google's own program
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it keeps nothing that could be lost
		_ = cmd.Wait()
	})
	said := bufio.NewScanner(out)
	var words strings.Builder
	for said.Scan() {
		fmt.Fprintln(&words, said.Text())
		if strings.Contains(said.Text(), ready) {
			go func() {
				for said.Scan() { // else it would block on a full pipe
				}
			}()
			return addr
		}
	}
	t.Fatalf("the emulator does not start:\n%s", words.String())
	return ""
}

// Export has the emulator at an address write a project's database below dir, and
// returns what StartFrom takes.
func Export(t testing.TB, addr, project, dir string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{
		"database": "projects/" + project + "/databases/(default)", "export_directory": dir, "export_name": "export",
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/emulator/v1/projects/"+project+":export", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	words, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("export: %d %s, %v", answer.StatusCode, words, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", "*.overall_export_metadata"))
	if err != nil || len(found) != 1 {
		t.Fatalf("export: %s: %v, %v", words, found, err)
	}
	return found[0]
}

// find returns the emulator's jar: the one that is named, or that of the SDK
// that the command gcloud belongs to, or of Debian's package.
func find() string {
	if jar := os.Getenv("GATEHOUSE_FIRESTORE_EMULATOR"); jar != "" {
		return jar
	}
	roots := []string{"/usr/lib/google-cloud-sdk"}
	if gcloud, err := exec.LookPath("gcloud"); err == nil {
		if target, err := filepath.EvalSymlinks(gcloud); err == nil {
			roots = append(roots, filepath.Dir(filepath.Dir(target)))
		}
	}
	for _, root := range roots {
		if jar := filepath.Join(root, jarBelow); exists(jar) {
			return jar
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func freeAddr(t testing.TB) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
