"""What a JVM needs on a machine that may have none: a Java, locked jars, class data. Any stage may import it."""
