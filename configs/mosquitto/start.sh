#!/bin/sh
# Write the broker's password file from the environment, then run the broker in the foreground.
# A further box: mosquitto_passwd -b /mosquitto/auth/passwords BOX TOKEN, then SIGHUP.
set -eu
passwords=/mosquitto/auth/passwords
touch "$passwords"
chmod 600 "$passwords"
mosquitto_passwd -b "$passwords" centre "$CENTRE_PASSWORD"
mosquitto_passwd -b "$passwords" "$BOX_ID" "$BOX_TOKEN"
chown -R mosquitto:mosquitto /mosquitto/auth /mosquitto/data
exec mosquitto -c /mosquitto/config/mosquitto.conf
