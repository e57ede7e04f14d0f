/**
 * Commands to a running role: a unix socket that only its owner may use, one command at a time on a connection, answers as
 * rows of named values. Formats in {@code control-codecs.xml}. What a command does belongs to the stage that owns the
 * matter; here is only the way there and back.
 */
package org.farshore.dataplane.command;
