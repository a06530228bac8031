package flows_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/kirim-go/kirim/flows"
)

// encryptPadded encrypts blocks, which the caller has padded.
func encryptPadded(t *testing.T, padded, plain []byte) ([]byte, flows.MediaMetadata) {
	t.Helper()
	m := flows.MediaMetadata{IV: make([]byte, 16), EncryptionKey: make([]byte, 32), HMACKey: []byte("hmac key")}
	block, err := aes.NewCipher(m.EncryptionKey)
	if err != nil {
		t.Fatal(err)
	}
	sealed := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, m.IV).CryptBlocks(sealed, padded)
	sealed = slices.Concat(sealed, authentication(m, sealed))
	m.EncryptedHash, m.PlaintextHash = hash(sealed), hash(plain)
	return sealed, m
}

func authentication(m flows.MediaMetadata, sealed []byte) []byte {
	mac := hmac.New(sha256.New, m.HMACKey)
	mac.Write(m.IV)
	mac.Write(sealed)
	return mac.Sum(nil)[:10]
}

func hash(data []byte) []byte {
	sum := sha256.Sum256(data)
	return sum[:]
}

func TestAFileIsReturnedOnlyWhenItIsWholeAndTheRightOne(t *testing.T) {
	t.Parallel()
	padded := []byte("a file\n\x09\x09\x09\x09\x09\x09\x09\x09\x09")
	file, good := encryptPadded(t, padded, padded[:7])
	if plain, err := flows.DecryptMedia(iotest.OneByteReader(bytes.NewReader(file)), good); err != nil || string(plain) != "a file\n" {
		t.Fatalf("%q, %v", plain, err)
	}
	flipped := func(b []byte, at int) []byte {
		b = slices.Clone(b)
		b[at] ^= 1
		return b
	}
	// rehashed is for what only a check after the first one can find.
	rehashed := func(file []byte, m flows.MediaMetadata) flows.MediaMetadata {
		m.EncryptedHash = hash(file)
		return m
	}
	with := func(change func(*flows.MediaMetadata)) flows.MediaMetadata {
		m := good
		change(&m)
		return m
	}
	zero, zeroMeta := encryptPadded(t, make([]byte, 16), nil)
	long, longMeta := encryptPadded(t, bytes.Repeat([]byte{17}, 32), nil)
	mixed, mixedMeta := encryptPadded(t, []byte("a file\n........\x09"), nil)
	halves := append(make([]byte, 20), authentication(good, make([]byte, 20))...)
	huge := make([]byte, 25<<20+27)
	for name, test := range map[string]struct {
		file  []byte
		m     flows.MediaMetadata
		want  string
		media bool
	}{
		"the file was changed":                     {flipped(file, 0), good, "encrypted_hash is of another file", true},
		"the file is cut":                          {file[:len(file)-1], good, "encrypted_hash is of another file", true},
		"the file is empty":                        {nil, good, "encrypted_hash is of another file", true},
		"the ciphertext was changed":               {flipped(file, 3), rehashed(flipped(file, 3), good), "authentication code is wrong", true},
		"the code was changed":                     {flipped(file, len(file)-1), rehashed(flipped(file, len(file)-1), good), "authentication code is wrong", true},
		"another key for the code":                 {file, with(func(m *flows.MediaMetadata) { m.HMACKey = []byte("x") }), "authentication code is wrong", true},
		"another initial vector":                   {file, with(func(m *flows.MediaMetadata) { m.IV = flipped(m.IV, 0) }), "authentication code is wrong", true},
		"no blocks":                                {file[:10], rehashed(file[:10], good), "10 bytes are not whole blocks", true},
		"a block and a part, with the right code":  {halves, rehashed(halves, good), "30 bytes are not whole blocks", true},
		"half a block":                             {file[:20], rehashed(file[:20], good), "20 bytes are not whole blocks", true},
		"another key":                              {file, with(func(m *flows.MediaMetadata) { m.EncryptionKey = flipped(m.EncryptionKey, 0) }), "file does not match its metadata", true},
		"the padding is zero":                      {zero, zeroMeta, "padding is wrong", true},
		"the padding is longer than a block":       {long, longMeta, "padding is wrong", true},
		"the padding is not all the same":          {mixed, mixedMeta, "padding is wrong", true},
		"another file":                             {file, with(func(m *flows.MediaMetadata) { m.PlaintextHash = hash(nil) }), "plaintext_hash is of another file", true},
		"a file that is too large":                 {huge, rehashed(huge, good), "more than 26214426 bytes", true},
		"an AES key of 128 bits":                   {file, with(func(m *flows.MediaMetadata) { m.EncryptionKey = m.EncryptionKey[:16] }), "encryption_key has 16 bytes, not 32", false},
		"an initial vector of 12 bytes":            {file, with(func(m *flows.MediaMetadata) { m.IV = m.IV[:12] }), "iv has 12 bytes, not 16", false},
		"no hash of the file":                      {file, with(func(m *flows.MediaMetadata) { m.EncryptedHash = nil }), "encrypted_hash has 0 bytes, not 32", false},
		"no hash of the result":                    {file, with(func(m *flows.MediaMetadata) { m.PlaintextHash = nil }), "plaintext_hash has 0 bytes, not 32", false},
		"no key for the code":                      {file, with(func(m *flows.MediaMetadata) { m.HMACKey = nil }), "hmac_key is empty", false},
		"no metadata at all, as of another object": {file, flows.MediaMetadata{}, "encrypted_hash has 0 bytes", false},
	} {
		plain, err := flows.DecryptMedia(bytes.NewReader(test.file), test.m)
		if plain != nil || err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, flows.ErrMedia) != test.media {
			t.Errorf("%s: %d bytes, %v", name, len(plain), err)
		}
	}
	if _, err := flows.DecryptMedia(iotest.ErrReader(io.ErrUnexpectedEOF), good); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, flows.ErrMedia) {
		t.Errorf("a download that breaks off: %v", err)
	}
	if _, err := flows.DecryptMedia(nil, good); err == nil {
		t.Error("a nil reader is accepted")
	}
}

func TestAFileOfTheLargestSizeIsDecrypted(t *testing.T) {
	t.Parallel()
	padded := append(make([]byte, 25<<20), bytes.Repeat([]byte{16}, 16)...)
	file, m := encryptPadded(t, padded, padded[:25<<20])
	if plain, err := flows.DecryptMedia(bytes.NewReader(file), m); err != nil || len(plain) != 25<<20 {
		t.Errorf("%d bytes, %v", len(plain), err)
	}
}

func TestMediaIsReadFromTheDataOfARequest(t *testing.T) {
	t.Parallel()
	r := flows.Request{Data: json.RawMessage(`{"photos":[{"media_id":"m-1","cdn_url":"https://example.com/f","file_name":"a.jpg","encryption_metadata":{"iv":"AAEC","hmac_key":"aGk="}}]}`)}
	var in struct {
		Photos []flows.Media `json:"photos"`
	}
	if err := r.Decode(&in); err != nil || len(in.Photos) != 1 {
		t.Fatal(err)
	}
	if p := in.Photos[0]; p.ID != "m-1" || p.URL != "https://example.com/f" || p.FileName != "a.jpg" || !bytes.Equal(p.Encryption.IV, []byte{0, 1, 2}) || string(p.Encryption.HMACKey) != "hi" {
		t.Errorf("%q %q %q %v %q", p.ID, p.URL, p.FileName, p.Encryption.IV, p.Encryption.HMACKey)
	}
}
