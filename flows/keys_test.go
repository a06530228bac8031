package flows_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/kirim-go/kirim/flows"
)

func TestAKeyOfOpensslIsReadInBothForms(t *testing.T) {
	t.Parallel()
	public := string(readTestdata(t, "test_public_key.pem"))
	for _, name := range []string{"test_key_pkcs1.pem", "test_key_pkcs8.pem"} {
		key, err := flows.ParsePrivateKey(readTestdata(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := flows.PublicKeyPEM(key); err != nil || got != public {
			t.Errorf("%s: %v, the public key is\n%s, openssl has\n%s", name, err, got, public)
		}
	}
}

func TestWhatIsNotAKeyIsSaid(t *testing.T) {
	t.Parallel()
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	sized := func(bits int) string {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		return block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	good := block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(testKeys()[0]))
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                    {"", "no PEM block in 0 bytes"},
		"something else":             {"hunter2", "no PEM block in 7 bytes"},
		"line ends from an env file": {strings.ReplaceAll(good, "\n", `\n`), "a backslash and an n"},
		"the public key":             {string(readTestdata(t, "test_public_key.pem")), "another type than"},
		"two keys":                   {good + good, "more than one PEM block"},
		"a key of 1024 bits":         {sized(1024), "it has 1024 bits, WhatsApp needs 2048"},
		"a key of 3072 bits":         {sized(3072), "it has 3072 bits, WhatsApp needs 2048"},
		"an elliptic curve":          {block("PRIVATE KEY", ec), "it is a *ecdsa.PrivateKey"},
		"a block with noise":         {block("RSA PRIVATE KEY", []byte("hunter2")), "private key: "},
		"under a passphrase":         {block("ENCRYPTED PRIVATE KEY", []byte("hunter2")), "decrypt it with openssl rsa"},
		"under a passphrase, traditional": {strings.Replace(good, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,1122334455667788\n\n", 1),
			"decrypt it with openssl rsa"},
	} {
		key, err := flows.ParsePrivateKey([]byte(test.text))
		if key != nil || err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "flows: private key: ") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the text", name)
		}
	}
	damaged := *testKeys()[0]
	damaged.D = new(big.Int).Add(damaged.D, big.NewInt(2))
	damaged.Precomputed = rsa.PrecomputedValues{} // which Go 1.25 trusts
	for _, key := range []*rsa.PrivateKey{nil, {}, &damaged} {
		if text, err := flows.PublicKeyPEM(key); text != "" || err == nil {
			t.Errorf("the public key of no key is %q, %v", text, err)
		}
	}
}
