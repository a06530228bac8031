package flows

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// keyBits is the size of key that Meta accepts.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/whatsapp-business-encryption
const keyBits = 2048

// ParsePrivateKey reads one private key in PEM, PKCS #1 ("RSA PRIVATE KEY") or
// PKCS #8 ("PRIVATE KEY"), as openssl genrsa writes it. The key must be RSA with
// 2048 bits, which is what Meta accepts.
//
// A key under a passphrase is an error: decrypt it where you keep your secrets, with
// openssl rsa -in private.pem -out plain.pem. No error shows any of the key.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/whatsapp-business-encryption
func ParsePrivateKey(text []byte) (*rsa.PrivateKey, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil && bytes.Contains(text, []byte(`\n`)):
		return nil, fmt.Errorf(`flows: private key: no PEM block in %d bytes: the line ends are a backslash and an n, put line breaks in their place`, len(text))
	case block == nil:
		return nil, fmt.Errorf("flows: private key: no PEM block in %d bytes", len(text))
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("flows: private key: it is under a passphrase; decrypt it with openssl rsa -in private.pem -out plain.pem")
	}
	if another, _ := pem.Decode(rest); another != nil {
		return nil, errors.New("flows: private key: more than one PEM block; parse each key by itself")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("flows: private key: the PEM block is of another type than RSA PRIVATE KEY and PRIVATE KEY, of %d characters", len(block.Type))
	}
	if err != nil {
		return nil, fmt.Errorf("flows: private key: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("flows: private key: it is a %T, WhatsApp needs RSA with %d bits", key, keyBits)
	}
	if err := checkKey(private); err != nil {
		return nil, fmt.Errorf("flows: private key: %w", err)
	}
	return private, nil
}

// PublicKeyPEM returns the public half of a private key as Meta takes it for
// business_public_key: PEM, "PUBLIC KEY". The key must have 2048 bits.
//
// Docs: https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/whatsapp-business-encryption
func PublicKeyPEM(key *rsa.PrivateKey) (string, error) {
	if err := checkKey(key); err != nil {
		return "", fmt.Errorf("flows: public key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return "", fmt.Errorf("flows: public key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func checkKey(key *rsa.PrivateKey) error {
	if key == nil || key.N == nil || key.D == nil {
		return errors.New("it is nil")
	}
	if n := key.N.BitLen(); n != keyBits {
		return fmt.Errorf("it has %d bits, WhatsApp needs %d", n, keyBits)
	}
	if err := key.Validate(); err != nil {
		return fmt.Errorf("it is not a valid key: %w", err)
	}
	return nil
}
