"""Makes ``twistd jack`` known."""

from twisted.application.service import ServiceMaker

jack = ServiceMaker("jack", "jackd.tap", "Share media libraries with friends through the arrs.", "jack")
