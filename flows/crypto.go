package flows

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
)

const (
	aesKeyBytes = 16
	ivBytes     = 16 // not the 12 that GCM has by default
)

// What can be wrong with the body of a request. The texts say nothing more, so
// that they tell a sender and a log nothing of keys and data.
var (
	errEnvelope = errors.New("flows: the body is not a JSON object with encrypted_flow_data, encrypted_aes_key and initial_vector")
	errDecrypt  = errors.New("flows: the body cannot be decrypted with any of the keys")
)

// envelope is the body of a request. A pointer, because an absent field is
// another fault than an empty one.
type envelope struct {
	FlowData *string `json:"encrypted_flow_data"`
	AESKey   *string `json:"encrypted_aes_key"`
	IV       *string `json:"initial_vector"`
}

// session is what a request was encrypted with, and its response will be.
type session struct {
	aead cipher.AEAD
	iv   []byte
}

// open decrypts the body of a request and returns what was in it, and which of
// the keys it was for.
func open(keys []*rsa.PrivateKey, body []byte) (plain []byte, s session, index int, err error) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil || e.FlowData == nil || e.AESKey == nil || e.IV == nil {
		return nil, s, 0, errEnvelope
	}
	data, err1 := base64.StdEncoding.DecodeString(*e.FlowData)
	wrapped, err2 := base64.StdEncoding.DecodeString(*e.AESKey)
	iv, err3 := base64.StdEncoding.DecodeString(*e.IV)
	if errors.Join(err1, err2, err3) != nil || len(iv) != ivBytes {
		return nil, s, 0, errDecrypt
	}
	for i, key := range keys {
		// OAEP's hash is that of MGF1, too.
		secret, err := rsa.DecryptOAEP(sha256.New(), nil, key, wrapped, nil)
		if err != nil || len(secret) != aesKeyBytes {
			continue
		}
		if s, err = newSession(secret, iv); err != nil {
			continue
		}
		if plain, err := s.aead.Open(nil, iv, data, nil); err == nil {
			return plain, s, i, nil
		}
	}
	return nil, session{}, 0, errDecrypt
}

func newSession(secret, iv []byte) (session, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return session{}, err
	}
	aead, err := cipher.NewGCMWithNonceSize(block, ivBytes)
	return session{aead, iv}, err
}

// seal encrypts a response: with the key of the request and its initial vector
// inverted, the tag behind the ciphertext, in base64.
func (s session) seal(plain []byte) []byte {
	inverted := make([]byte, len(s.iv))
	for i, b := range s.iv {
		inverted[i] = ^b
	}
	sealed := s.aead.Seal(nil, inverted, plain, nil) //nolint:gosec // the protocol's choice of a nonce, which differs from the request's
	return base64.StdEncoding.AppendEncode(nil, sealed)
}
