def test_x(kafka, postgres, redis):
    print(kafka, postgres, redis)
