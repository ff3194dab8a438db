"""Writes the certificates of a PEM file into a store that Java reads.

    tests/java_trust.py FILE STORE

Java has certificates of its own, where those that the machine's administrator has added may be missing.
"""

import sys
from pathlib import Path

import pyspark
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

PASSWORD = "changeit"  # of Java's own store, too


def main(bundle, target):
    (jar,) = (Path(pyspark.__file__).parent / "jars").glob("py4j-*.jar")
    port, token = launch_gateway(jarpath=str(jar), die_on_exit=True, enable_auth=True)
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token))
    java = gateway.jvm.java
    password = gateway.new_array(gateway.jvm.char, len(PASSWORD))
    for i, letter in enumerate(PASSWORD):
        password[i] = letter
    store = java.security.KeyStore.getInstance("PKCS12")
    store.load(None, None)
    certificates = java.security.cert.CertificateFactory.getInstance("X.509")
    for i, certificate in enumerate(certificates.generateCertificates(java.io.FileInputStream(bundle))):
        store.setCertificateEntry(str(i), certificate)
    file = java.io.FileOutputStream(target)
    store.store(file, password)
    file.close()
    print(f"{store.size()} certificates")


if __name__ == "__main__":
    main(*sys.argv[1:])
