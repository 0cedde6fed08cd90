package hpod

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

const defaultRetryFor = 2 * time.Minute

func optionsFromEnvironment() (options, error) {
	chosen := options{token: os.Getenv("HPOD_TOKEN"), retryFor: defaultRetryFor}
	if text := os.Getenv("HPOD_RETRY_SECONDS"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || !(seconds >= 0) {
			return chosen, fmt.Errorf("HPOD_RETRY_SECONDS is '%s', but must be a number >= 0", text)
		}
		chosen.retryFor = time.Duration(seconds * float64(time.Second))
	}
	var err error
	chosen.tls, err = TLSFromFiles(os.Getenv("HPOD_TLS_CA"), os.Getenv("HPOD_TLS_CERT"), os.Getenv("HPOD_TLS_KEY"))
	return chosen, err
}

// checkServer refuses what is no host and port: gRPC would take the port of https for a missing one.
func checkServer(server string) error {
	_, port, err := net.SplitHostPort(server)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("the server is '%s', but must be host:port", server)
	}
	return nil
}

// TLSFromFiles reads a configuration from PEM files. ca: the authorities to trust, or `system`; empty: nil, no TLS.
// certificate and key: the client's own; both may be empty.
func TLSFromFiles(ca, certificate, key string) (*tls.Config, error) {
	if (certificate == "") != (key == "") || (certificate != "" && ca == "") {
		return nil, fmt.Errorf("a client certificate needs a certificate, a key and a CA (or `system`), but they are '%s', '%s' and '%s'",
			certificate, key, ca)
	}
	if ca == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "system" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("the CA file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the CA file %s has no certificate in PEM form", ca)
		}
	}
	if certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, fmt.Errorf("the client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
