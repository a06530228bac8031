package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kirim-go/kirim/outbox"
)

// smallDisk mounts a file system of a few megabytes.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("skipped, as it fills a disk of its own, which takes root to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestAFullDiskUnderSQLiteLosesNothing(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	r := newRig(t, plan{SQLite: filepath.Join(dir, "orders.db")})
	stopFaults := r.injectFaults()
	r.startWorker()
	r.startWorker()
	n, refused := 0, 0
	enqueue := func(times int) {
		for range times {
			n++
			if err := r.enqueueOne(r.t.Context(), fmt.Sprintf("d-1-%d", n), recipientOf(n%rigRecipients)); err != nil {
				refused++
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	enqueue(200)
	if refused > 0 {
		t.Errorf("%d calls failed before the disk was full", refused)
	}
	for range *tenths {
		ballast := filepath.Join(dir, "ballast")
		fill(t, ballast)
		before := r.sandbox.MessageCount()
		enqueue(200)
		duringFull := r.sandbox.MessageCount() - before
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		t.Logf("disk full: %d enqueue calls refused so far, %d messages sent meanwhile", refused, duringFull)
		enqueue(100)
	}
	if refused == 0 {
		t.Error("no call failed: the disk was not full")
	}
	stopFaults()
	r.finish(2 * time.Minute)
}

// enqueueOne enqueues a message as an application does.
func (r *rig) enqueueOne(ctx context.Context, key, recipient string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tx, err := r.box.db.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := writeOrders(ctx, r.box, tx, r.table, []outbox.Message{messageOf(r.plan.Number, recipient, key)}); err != nil {
		return err
	}
	return tx.Commit()
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 64 << 10; size >= 512; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
