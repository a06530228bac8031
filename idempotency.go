package kirim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const maxIdempotencyKey = 255

// idempotencyKeyLifetime is how long the server keeps a response under its key.
const idempotencyKeyLifetime = 24 * time.Hour

// newIdempotencyKey returns a key that no other call has.
func newIdempotencyKey() string { return rand.Text() }

// checkIdempotencyKey refuses what the server would, and what a proxy may
// change on its way.
func checkIdempotencyKey(key string) error {
	const option, printableASCII = "WithIdempotencyKey", "printable ASCII without a space at an end"
	if key == "" || len(key) > maxIdempotencyKey {
		return refuse(option, bounds{1, maxIdempotencyKey, "character"}.String(), quantity(len(key), "character"))
	}
	if i := firstUnprintable(key); i >= 0 {
		return refuse(option, printableASCII, fmt.Sprintf("another character at byte %d of %d", i+1, len(key)))
	}
	if strings.TrimSpace(key) != key {
		return refuse(option, printableASCII, "a space at an end")
	}
	return nil
}

// templateKey is what the key of a template that goes out in place of a message
// ends in.
const templateKey = ":template"

// hashedKey stands before the suffix of a derived key that has a hash in place
// of the original.
const hashedKey = ":hashed"

// derivedKey is the key of a further request of the same call. It must stay
// the same over versions of this package.
func derivedKey(key, suffix string) string {
	if len(key)+len(suffix) <= maxIdempotencyKey {
		return key + suffix
	}
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:]) + hashedKey + suffix
}

// originalKey is the key that one was derived from, perhaps in several steps,
// and the key itself when it was not.
func originalKey(key, suffix string) string {
	for {
		original, derived := strings.CutSuffix(key, suffix)
		if !derived || checkIdempotencyKey(original) != nil {
			return key
		}
		key = original
	}
}

// isHashedKey reports whether a key was derived, perhaps in several steps, from
// one that was too long for the suffix.
func isHashedKey(key, suffix string) bool {
	sum, hashed := strings.CutSuffix(originalKey(key, suffix), hashedKey)
	if _, err := hex.DecodeString(sum); err != nil {
		return false
	}
	return hashed && len(sum) == hex.EncodedLen(sha256.Size)
}

// replayed reports whether the server replayed what it has stored under
// the key.
func replayed(header http.Header) bool {
	return strings.EqualFold(header.Get("Idempotent-Replayed"), "true")
}

// keyHash stands for a key, to keep the memory small.
type keyHash [16]byte

func hashOf(key string) (h keyHash) {
	sum := sha256.Sum256([]byte(key))
	copy(h[:], sum[:])
	return h
}
