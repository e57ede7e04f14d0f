package org.farshore.tests.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test with real processes that needs root for devices, mounts or capture. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("system")
@Tag("privileged")
@ExtendWith(SaveOnFailure.class)
public @interface PrivilegedSystemTest {}
