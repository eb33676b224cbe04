package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
)

// The test binary runs itself as another process when these are set.
const (
	roleVar = "GATEHOUSE_TEST_ROLE"
	pathVar = "GATEHOUSE_TEST_PATH"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVar) {
	case "":
		os.Exit(m.Run())
	case "hold":
		err = hold(context.Background(), os.Getenv(pathVar))
	case "swap":
		err = swapForever(context.Background(), os.Getenv(pathVar))
	default:
		err = errors.New("unknown role")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child starts the test binary in a role. It is killed at the test's end.
func child(t *testing.T, role, path string) (*exec.Cmd, *bufio.Scanner, io.Closer) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"="+role, pathVar+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out), in
}

// hold keeps the store open until its input ends.
func hold(ctx context.Context, path string) error {
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	fmt.Println("open")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Close()
}

// swapForever stores new items and moves a counter until it is killed. It
// prints a line for each swap after the store has acknowledged it.
func swapForever(ctx context.Context, path string) error {
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(line)
	}
	fail := make(chan error)
	for n := range 8 {
		go func() { fail <- insertForever(ctx, s, n, say) }()
	}
	go func() { fail <- countForever(ctx, s, say) }()
	return <-fail
}

func insertForever(ctx context.Context, s *sqlite.Store, writer int, say func(string)) error {
	for n := 0; ; n++ {
		id := fmt.Sprintf("7/%d/%d/%d", os.Getpid(), writer, n)
		first := &engine.Item{Ref: engine.Ref{Kind: "delivery", ID: id}, Body: bodyOf(id)}
		second := &engine.Item{Ref: engine.Ref{Kind: "run", ID: id}, Body: bodyOf(id)}
		if err := s.Swap(ctx, first, second); err != nil {
			return err
		}
		say(id)
	}
}

func countForever(ctx context.Context, s *sqlite.Store, say func(string)) error {
	it, err := s.Get(ctx, counterRef())
	if errors.Is(err, engine.ErrNotFound) {
		it, err = engine.Item{Ref: counterRef(), Body: []byte("0")}, nil
	}
	for err == nil {
		var n int
		if n, err = strconv.Atoi(string(it.Body)); err != nil {
			return err
		}
		it.Body = []byte(strconv.Itoa(n + 1))
		if err = s.Swap(ctx, &it); err == nil {
			say("counter " + string(it.Body))
		}
	}
	return err
}

func counterRef() engine.Ref { return engine.Ref{Kind: "lane", ID: "7/counter"} }

// bodyOf is a body that is known from the ID and spans several pages.
func bodyOf(id string) []byte {
	body := make([]byte, 0, 9000)
	for len(body) < 8200 {
		body = append(body, id...)
	}
	return body
}
