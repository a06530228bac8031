package storeredis_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kirim-go/kirim"
)

// startCluster starts a cluster of one server, which enforces what larger ones do: that
// a script touches the keys of one slot.
func startCluster(t *testing.T) *redis.ClusterClient {
	t.Helper()
	port, bus := freePort(t), freePort(t)
	s := startServer(t, "--cluster-enabled", "yes", "--bind", "127.0.0.1", "--port", port, "--cluster-port", bus)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.connect(nil).Do(ctx, "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:" + port}, ContextTimeoutEnabled: true, MaxRedirects: 1000})
	t.Cleanup(func() { client.Close() })
	if err := client.Set(ctx, "ready", 1, time.Minute).Err(); err != nil { // waits until the cluster is up
		t.Fatal(err)
	}
	return client
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l := must(new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func TestAllCallsWorkInACluster(t *testing.T) {
	t.Parallel()
	s := newStores(t, startCluster(t))
	for name, call := range calls(s) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Statuses().Join(t.Context(), "msg_1", "wamid.1"); err != nil {
		t.Error(err)
	}
	if progress, known, err := s.Statuses().Progress(t.Context(), "msg_1", ""); err != nil || !known || progress.Status != kirim.MessageDelivered {
		t.Errorf("the joined message is %+v, %v, %v", progress, known, err)
	}
}
