package storeredis_test

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim/stores/storeredis"
)

// missing skips a test that needs Redis, unless KIRIM_REQUIRE_REDIS is 1.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("KIRIM_REQUIRE_REDIS") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// connect returns a client of the server whose URL is in KIRIM_TEST_REDIS, and a
// prefix of the test's own. Its keys are removed at the end.
func connect(t testing.TB) (client *redis.Client, prefix string) {
	t.Helper()
	url := os.Getenv("KIRIM_TEST_REDIS")
	if url == "" {
		missing(t, "needs a Redis server: set KIRIM_TEST_REDIS to its URL, such as redis://localhost:6379")
	}
	opts, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	opts.ContextTimeoutEnabled = true
	client, prefix = redis.NewClient(opts), "kirim-test-"+rand.Text()
	t.Cleanup(func() {
		defer client.Close()
		for _, key := range keysOf(t, client, prefix) {
			client.Del(context.Background(), key)
		}
	})
	return client, prefix
}

// keysOf returns the keys of all stores with a prefix.
func keysOf(t testing.TB, client redis.UniversalClient, prefix string) (keys []string) {
	t.Helper()
	ctx := context.Background()
	for _, pattern := range []string{prefix + ":*", "{" + prefix + "}:*"} {
		found := client.Scan(ctx, 0, pattern, 1000).Iterator()
		for found.Next(ctx) {
			keys = append(keys, found.Val())
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// pass lets time pass for the keys with a prefix: they expire that much earlier.
func pass(t testing.TB, client redis.UniversalClient, prefix string, d time.Duration) {
	t.Helper()
	ctx := context.Background()
	for _, key := range keysOf(t, client, prefix) {
		left, err := client.PTTL(ctx, key).Result()
		switch {
		case err != nil:
			t.Fatal(err)
		case left == -1:
			t.Fatalf("%s never expires", key)
		case left == -2: // it is gone
		default:
			if err := client.PExpire(ctx, key, left-d).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// server is a Redis server of a test's own. It keeps nothing on disk.
type server struct {
	t       testing.TB
	args    []string
	dir     string
	process *exec.Cmd
}

// startServer starts a server with further arguments, which is ended with the test.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "needs redis-server in the PATH, which it starts, stops and kills")
	}
	dir, err := os.MkdirTemp("", "kirim") //nolint:usetesting // the path of a socket may have about 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, args: append([]string{
		"--port", "0", "--save", "", "--appendonly", "no", "--dir", dir, "--unixsocket", filepath.Join(dir, "s"),
	}, args...)}
	t.Cleanup(func() {
		s.kill()
		os.RemoveAll(dir)
	})
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.process = exec.CommandContext(context.Background(), "redis-server", s.args...)
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.wait(s.options())
}

// wait waits until the server responds.
func (s *server) wait(opts *redis.Options) {
	s.t.Helper()
	opts.MaxRetries, opts.MinRetryBackoff, opts.MaxRetryBackoff = 1000, time.Millisecond, 10*time.Millisecond
	client := redis.NewClient(opts)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		s.t.Fatalf("redis-server does not respond: %v", err)
	}
}

func (s *server) kill() {
	s.signal(syscall.SIGKILL)
	_ = s.process.Wait()
}

func (s *server) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Error(err)
	}
}

// options are those that the documentation of the package advises.
func (s *server) options() *redis.Options {
	return &redis.Options{Network: "unix", Addr: filepath.Join(s.dir, "s"), ContextTimeoutEnabled: true, DialerRetries: 1, MaxRetries: 1}
}

// connect returns a client with these options, or the options above when nil.
func (s *server) connect(opts *redis.Options) *redis.Client {
	if opts == nil {
		opts = s.options()
	}
	client := redis.NewClient(opts)
	s.t.Cleanup(func() { client.Close() })
	return client
}

// lossy is a network that loses the next responses of the server but for the first
// ones, each with its connection.
type lossy struct{ lose, spare atomic.Int32 }

func (l *lossy) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &lossyConn{conn, l}, err
}

type lossyConn struct {
	net.Conn
	network *lossy
}

func (c *lossyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	switch {
	case err != nil || c.network.lose.Load() == 0:
	case c.network.spare.Load() > 0:
		c.network.spare.Add(-1)
	default:
		c.network.lose.Add(-1)
		c.Close()
		return 0, io.EOF
	}
	return n, err
}

func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func newStores(t testing.TB, client redis.UniversalClient, opts ...storeredis.Option) *storeredis.Stores {
	t.Helper()
	return must(storeredis.New(client, opts...))(t)
}
