package kirimtest

import (
	crand "crypto/rand"
	"encoding/base64"
	"math/rand/v2"
	"time"
)

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newID returns prefix followed by 26 characters of Crockford's base32: 48 bits
// of time in milliseconds and 80 random bits. Callers must treat it as opaque.
func newID(prefix string, now time.Time) string {
	var b [40]byte
	n := copy(b[:], prefix)
	n = base32(b[:], n, uint64(now.UnixMilli())&(1<<48-1), 10)
	n = base32(b[:], n, rand.Uint64()&(1<<40-1), 8)
	n = base32(b[:], n, rand.Uint64()&(1<<40-1), 8)
	return string(b[:n])
}

// base32 writes the lowest 5*digits bits of v at b[n:] and returns the new end.
func base32(b []byte, n int, v uint64, digits int) int {
	for i := digits - 1; i >= 0; i-- {
		b[n+i] = crockford[v&31]
		v >>= 5
	}
	return n + digits
}

func newWAMID() string {
	var b [24]byte
	for i := 0; i < len(b); i += 8 {
		v := rand.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	return "wamid." + base64.StdEncoding.EncodeToString(b[:])
}

// newSecret returns prefix and n random bytes in base64url.
func newSecret(prefix string, n int) string {
	b := make([]byte, n)
	crand.Read(b)
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}
