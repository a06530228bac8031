package app

import (
	"errors"

	"github.com/zalando/go-keyring"
)

// Keychain keeps API keys where the operating system keeps passwords. An
// entry is of one system at one base URL, so that the key of an account is
// never sent to a sandbox, or to another system.
type Keychain interface {
	Get(entry string) (secret string, found bool, err error)
	Set(entry, secret string) error
	Delete(entry string) (found bool, err error)
}

// keychainService is the name that the entries have in the keychain.
const keychainService = "kirim"

// systemKeychain is Keychain Access on macOS, the Credential Manager on
// Windows, and the Secret Service on Linux and the BSDs.
type systemKeychain struct{}

func (systemKeychain) Get(entry string) (string, bool, error) {
	secret, err := keyring.Get(keychainService, entry)
	if errors.Is(err, keyring.ErrNotFound) {
		return "", false, nil
	}
	return secret, err == nil, err
}

func (systemKeychain) Set(entry, secret string) error {
	return keyring.Set(keychainService, entry, secret)
}

func (systemKeychain) Delete(entry string) (bool, error) {
	err := keyring.Delete(keychainService, entry)
	if errors.Is(err, keyring.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
